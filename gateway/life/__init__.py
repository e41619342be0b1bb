"""What keeps a gateway alive, and what tells whether it is.

File by file::

    vitals       what it cannot do without, looked at again and again: /readyz, the watchdog
    disk         room on the store's file system, with two marks
    gate         whether mail is taken just now
    clock        jumps of the wall clock
    drain        the end, with a limit and a shorter one
    watch        what is done again and again beside the mail
    certificate  when it expires
    systemd      what the service manager is told

Not here: signals (``gateway/serve``), other settings (``gateway/reload``), what is built (``gateway/app``).
"""
