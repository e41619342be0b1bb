"""How much room the store's file system must have: ``[disk]``."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from gateway.config.fields import Section


class Disk(Section):
    """``[disk]``: below the low marks no mail is taken, from the resume marks on it is again.

    Two marks, since what is freed by delivering and purging would otherwise be refilled at once, for ever.
    The low mark leaves room for what a full disk must not stop: settling deliveries, and SQLite's log (64 MiB).
    """

    low_mb: Annotated[int, Field(ge=0)] = 256
    resume_mb: Annotated[int, Field(ge=0)] = 512
    low_inodes: Annotated[int, Field(ge=0)] = 1_000
    resume_inodes: Annotated[int, Field(ge=0)] = 2_000

    @model_validator(mode="after")
    def _resume_above_low(self) -> Self:
        for kind in ("mb", "inodes"):
            low, resume = getattr(self, f"low_{kind}"), getattr(self, f"resume_{kind}")
            if resume < low:
                raise ValueError(
                    f"resume_{kind} = {resume} is below low_{kind} = {low}; set it to {low} or more, best to twice that"
                )
        return self
