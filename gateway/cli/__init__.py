"""Commands: arguments, output and exit codes only."""
