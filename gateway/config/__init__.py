"""Settings: a TOML file, and over it ``GATEWAY_…`` from the environment.

Every fault is found before anything starts, and all of them at once; each names the file, the key, the fault and the
mend. File by file::

    model        all sections          listening    how mail comes in
    fields       what sections share   sending      where it goes
    load         from file and environment to settings
    policies     from settings to the policies in force
    next_hops    from settings to next hops           limits       how much comes in
    environment  ``GATEWAY_…``         errors       what is wrong

Not here: objects that are built from settings (``app``).
Source: the contract in README.md.
"""
