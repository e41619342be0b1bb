"""The commands: arguments, output and exit codes, and nothing else.

One file per command group. Exit codes everywhere: 0 done, 1 the answer is no, 2 usage or our own fault.
"""
