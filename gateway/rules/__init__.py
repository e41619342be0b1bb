"""Every rule, in the order in which findings are reported (being filled in)."""
