"""What is wrong with settings."""


class ConfigError(Exception):
    """The settings cannot be used.

    Attributes:
        faults: One sentence each, with file, key, fault and mend.
    """

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults
