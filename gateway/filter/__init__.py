"""The heart, pure: ``examine`` reads, judges and mends a mail; ``decide`` gives the verdict.

``examine`` → :class:`~gateway.filter.examination.Examination` → ``decide`` →
:data:`~gateway.filter.verdict.Verdict`. Helpers, one subject each: ``header`` (what leaves above the body),
``remedy`` (taking things out), ``digest`` (what the mail is about).
"""
