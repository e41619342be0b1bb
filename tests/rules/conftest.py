"""Builders of what a rule looks at."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from gateway.mail.message import HeaderField, Message, Part
from gateway.rules.context import Context, Profile
from gateway.rules.rule import Finding, Rule


def _view(html: str, engine: str) -> Any:
    if engine == "rebuild":
        from gateway.html.rewrite import rebuild

        return rebuild(html).view
    from gateway.html.inspect import inspect

    return inspect(html)


def _body(prefix: str, *, text: str | None, html: str | None) -> Part:
    """The words of the mail: one leaf, or multipart/alternative."""
    leaves = [
        {"media_type": media_type, "text": words, "content": words.encode()}
        for media_type, words in (("text/plain", text), ("text/html", html))
        if words is not None
    ]
    if not leaves:
        leaves = [{"media_type": "text/plain", "text": ""}]
    if len(leaves) == 1:
        return Part(number=prefix or "1", **leaves[0])
    dotted = f"{prefix}." if prefix else ""
    children = tuple(Part(number=f"{dotted}{i}", **leaf) for i, leaf in enumerate(leaves, 1))
    return Part(number=prefix, media_type="multipart/alternative", children=children)


@pytest.fixture
def context_of() -> Callable[..., Context]:
    """A function that builds a context from the pieces of a mail."""

    def build(
        html: str | None = None,
        text: str | None = None,
        subject: str | None = None,
        *,
        attachments: Iterable[Mapping[str, Any]] = (),
        fields: Iterable[tuple[str, str]] = (),
        sender: str | None = "Shop <shop@seller.example>",
        recipient: str | None = "Buyer <x@marketplace.amazon.de>",
        profile: Profile | None = None,
        engine: str = "inspect",
    ) -> Context:
        given = [("From", sender), ("To", recipient), ("Subject", subject), *fields]
        attached = list(attachments)
        root = _body("1" if attached else "", text=text, html=html)
        if attached:
            parts = [Part(number=str(i), **kwargs) for i, kwargs in enumerate(attached, 2)]
            root = Part(number="", media_type="multipart/mixed", children=(root, *parts))
        message = Message(
            fields=tuple(HeaderField(name=n, body=b, text=b) for n, b in given if b is not None),
            root=root,
        )
        views = {part.number: _view(part.text or "", engine) for part in message.leaves() if part.is_html}
        return Context(message=message, views=views, profile=profile or Profile())

    return build


@pytest.fixture
def findings() -> Callable[..., list[Finding]]:
    """A function that runs one rule, with its default params unless told otherwise."""

    def run(rule: Rule, context: Context, params: Any = None) -> list[Finding]:
        return list(rule.check(context, rule.params() if params is None else params))

    return run
