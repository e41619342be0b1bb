"""Which rule speaks of a reference: exactly one, so that nothing is reported twice.

Shared by the rules that judge references; no rule of its own. Attachments: ``attached``.

=====================  ===============================================================================
rule                   takes
=====================  ===============================================================================
active_content         ``javascript:`` and its kin; what an active element carries; active attachments
linked_logo            links around an image without words, areas of image maps
insecure_link          other links to an allowed host that are not https
external_link          other links elsewhere
tracking_pixel         remote images nobody could see; embedded images of a few pixels
image_type             ``data:`` images; attachments shown as an image
remote_content         everything else that is loaded when the mail is shown
attachment_type        every other attachment
=====================  ===============================================================================
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from gateway.html.url import parse_url, scheme_of
from gateway.html.view import Comment, Element, Node, Purpose, Reference, Text, View
from gateway.rules.context import Context
from gateway.rules.hosts import Allowed, Hosting, Standing
from gateway.rules.rule import Remedy, Target

Place: TypeAlias = tuple[str, View, Reference]
"""Part number, view and reference."""

TINY_PX = 3
"""Pixels in width or height up to which an image shows nothing: trackers are 0 to 2, rules and spacers of 3 exist."""

SCRIPT_SCHEMES = frozenset({"javascript", "vbscript", "livescript", "mocha"})
ACTIVE_ELEMENTS = frozenset(
    {
        "script",
        "iframe",
        "frame",
        "frameset",
        "object",
        "embed",
        "applet",
        "base",
        "portal",
        "form",
        "fencedframe",
    }
)

_MEDIA_ELEMENTS = frozenset(
    {
        "img",
        "input",
        "link",
        "meta",
        "source",
        "track",
        "image",
        "feimage",
        "use",
        "audio",
        "video",
        "bgsound",
    }
)
"""Elements that are nothing without what they load; from others only the attribute goes."""

_TOKEN_LENGTH = 16
"""Letters and digits in a row that make part of a URL an identifier of the reader."""

_ESSENTIAL = frozenset({"src", "href", "xlink:href"})
"""Attributes without which such an element shows nothing; others are only an addition to it."""

_VOCABULARY = frozenset(
    {"itemtype", "itemid", "itemprop", "about", "resource", "vocab", "typeof", "prefix", "property"}
)
"""Attributes whose URLs name a thing and are never loaded: schema.org puts them into order mails."""

_INVISIBLE = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f")


def is_refresh(element: Element) -> bool:
    """Whether this is ``<meta http-equiv=refresh>``."""
    return element.name == "meta" and (element.get("http-equiv") or "").strip().lower() == "refresh"


def is_conditional(comment: str) -> bool:
    """Whether Outlook reads what stands in this comment; others reach nobody and are never copied."""
    return comment.lstrip("- \t\r\n")[:3].lower() == "[if"


def is_active(element: Element) -> bool:
    """Whether the element itself runs or loads something, so that ``active_content`` reports it."""
    if element.name == "script":
        # JSON-LD is data: shops put the order into it for mail readers, nothing runs it.
        return element.get("src") is not None or "json" not in (element.get("type") or "").lower()
    if element.name == "base":
        return element.get("href") is not None
    return element.name in ACTIVE_ELEMENTS or is_refresh(element)


def link_owner(
    view: View, reference: Reference, logo_links: frozenset[int], own: Hosting, all_: Hosting
) -> str:
    """Name of the rule that reports a link, ``""`` for none.

    Args:
        view: The view that holds the reference.
        reference: One of purpose ``LINK``.
        logo_links: What :func:`image_links` gave for the view.
        own: The marketplace's hosts.
        all_: The same and the seller's links.
    """
    element = view.nodes[reference.element]
    if _reaches_nobody(element) or reference.attribute == "cite":
        # Thunderbird quotes with <blockquote cite="mid:…">; nothing follows it and it is never copied.
        return ""
    if _is_script(reference.url) or reference.attribute in {"action", "formaction"}:
        return "active_content"
    if isinstance(element, Element) and is_active(element):
        return "active_content"
    if reference.element in logo_links:
        return "" if own.standing(reference.url) is Standing.FINE else "linked_logo"
    owners = {Standing.FINE: "", Standing.INSECURE: "insecure_link", Standing.EXTERNAL: "external_link"}
    return owners[all_.standing(reference.url)]


def links(context: Context, rule: str, hosts: tuple[str, ...]) -> Sequence[Place]:
    """Every link that a rule owns."""
    return context.here.once(("links", hosts), lambda: _by_owner(_owned_links(context, hosts))).get(rule, ())


def _owned_links(context: Context, hosts: tuple[str, ...]) -> Iterator[tuple[str, Place]]:
    hosting = Hosting(Allowed.of(hosts), context.readings)
    allowed = Hosting(Allowed.of(hosts, context.profile.links), context.readings)
    for number, view in context.views.items():
        logo_links = image_links(view)
        for reference in view.references:
            if reference.purpose is Purpose.LINK:
                owner = link_owner(view, reference, logo_links, hosting, allowed)
                yield owner, (number, view, reference)


def _by_owner(owned: Iterable[tuple[str, Place]]) -> dict[str, list[Place]]:
    places: dict[str, list[Place]] = {}
    for owner, place in owned:
        places.setdefault(owner, []).append(place)
    return places


def image_links(view: View) -> frozenset[int]:
    """Indices of the links that hold an image and no words, and of image map areas. One pass over the nodes."""
    nearest: list[int] = []
    images, worded = set(), set()
    for node in view.nodes:
        inherited = nearest[node.parent] if node.parent >= 0 else -1
        nearest.append(inherited)
        if isinstance(node, Element):
            if node.name in {"img", "image", "svg"} or (node.name == "input" and node.get("type") == "image"):
                images.add(inherited)
            elif node.name == "area":
                images.add(node.index)
            elif node.name == "a":
                nearest[node.index] = node.index
        elif (
            isinstance(node, Text)
            and not node.hidden
            and any(not c.isspace() and c not in _INVISIBLE for c in node.text)
        ):
            worded.add(inherited)
    return frozenset(images - worded - {-1})


def fetch_owner(view: View, reference: Reference) -> str:
    """Name of the rule that reports a reference of purpose ``FETCH``, ``""`` for none."""
    element = view.nodes[reference.element]
    if _reaches_nobody(element) or _is_only_a_name(element, reference.attribute):
        return ""
    if _is_script(reference.url) or (isinstance(element, Element) and is_active(element)):
        return "active_content"
    scheme = scheme_of(reference.url)
    if reference.url == "" or reference.url.startswith("#") or scheme in {"cid", "about"}:
        return ""
    if scheme == "data":
        # In a style sheet it is neither remote nor a part of its own; the sheet leaves without it.
        return "" if isinstance(element, Text) else "image_type"
    if isinstance(element, Element) and element.name in {"img", "input"} and reference.attribute == "src":
        return (
            "tracking_pixel" if is_unseen(element) or _is_tagged(element, reference.url) else "remote_content"
        )
    return "remote_content"


def fetches(context: Context, rule: str) -> Sequence[Place]:
    """Every loaded URL that a rule owns."""
    return context.here.once("fetches", lambda: _by_owner(_owned_fetches(context))).get(rule, ())


def _owned_fetches(context: Context) -> Iterator[tuple[str, Place]]:
    for number, view in context.views.items():
        for reference in view.references:
            if reference.purpose is Purpose.FETCH:
                yield fetch_owner(view, reference), (number, view, reference)


def fetch_remedy(number: str, view: View, reference: Reference) -> tuple[Target, Remedy]:
    """What takes a loaded URL out and keeps what else the element is."""
    element = view.nodes[reference.element]
    if isinstance(element, Comment):
        return Target(part=number, node=reference.element), Remedy.DROP_ELEMENT
    if isinstance(element, Text):
        # A style sheet: its element loses the declarations with a URL, as a style attribute does.
        return Target(part=number, node=element.parent, attribute="style"), Remedy.DROP_ATTRIBUTE
    is_media = element.name in _MEDIA_ELEMENTS or ":" in element.name
    if is_media and reference.attribute in _ESSENTIAL:
        return Target(part=number, node=reference.element), Remedy.DROP_ELEMENT
    return Target(part=number, node=reference.element, attribute=reference.attribute), Remedy.DROP_ATTRIBUTE


def is_unseen(element: Element) -> bool:
    """Whether nobody would notice this image: hidden, or of next to no size."""
    sizes = [element.get("width"), element.get("height")]
    for declaration in (element.get("style") or "").lower().split(";"):
        name, _, value = declaration.partition(":")
        if name.strip() in {"width", "height", "max-width", "max-height"}:
            sizes.append(value)
    return element.hidden or any(_is_tiny(size) for size in sizes if size is not None)


def _reaches_nobody(node: Node) -> bool:
    """A comment that no reader executes, a doctype: nothing in it is followed or loaded, and it is never copied."""
    return isinstance(node, Comment) and not is_conditional(node.text)


def _is_only_a_name(node: Node, attribute: str) -> bool:
    """Attributes for programs and ``<meta property="og:image">``: named, not loaded, and outside the allow-list."""
    if not isinstance(node, Element):
        return False
    is_described = node.name == "meta" and node.get("http-equiv") is None
    return attribute.startswith("data-") or attribute in _VOCABULARY or is_described


def _is_script(link: str) -> bool:
    return link.partition(":")[0].strip().lower() in SCRIPT_SCHEMES


def _is_tiny(size: str) -> bool:
    """``"1"``, ``"1px"``, ``"0%"``, ``"0em"``; not ``"1%"`` or ``"2em"``, which are relative to something large."""
    bare = size.replace("!important", "").strip().lower()
    digits = bare.rstrip("abcdefghijklmnopqrstuvwxyz% ")
    try:
        number = float(digits)
    except ValueError:
        return False
    return number <= 0 or (number <= TINY_PX and bare[len(digits) :] in {"", "px", "pt"})


def _is_tagged(element: Element, link: str) -> bool:
    """An image of no stated size whose URL carries an identifier: the shape of an open counter."""
    if any(element.get(name) is not None for name in ("width", "height", "style")):
        return False
    url = parse_url(link)
    runs = "".join(c if c.isalnum() else " " for c in url.path).split()
    return bool(url.query) or any(len(run) >= _TOKEN_LENGTH and any(c.isdigit() for c in run) for run in runs)
