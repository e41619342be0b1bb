"""Policies: what a marketplace forbids, as data."""
