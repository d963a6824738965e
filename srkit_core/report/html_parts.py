"""How is HTML written so that nothing that somebody named is taken for markup?"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, Final, TypeAlias

_EMPTY: Final = frozenset(("br", "col", "img", "input", "link", "meta"))
_UNREADABLE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_IN_SCRIPT: Final = {ord("<"): r"\u003c", ord(">"): r"\u003e", ord("&"): r"\u0026"}


class Html(str):
    """Text that is markup already; every other text is escaped where it goes into markup."""

    __slots__ = ()


Inside: TypeAlias = str | int | float | Iterable["Inside"] | None
"""What stands in an element: text, markup, or any number of these."""


def markup(*inside: Inside) -> Html:
    """Return markup of everything inside, in its order; None is nothing."""
    return Html("".join(map(_markup, inside)))


def tag(name: str, *inside: Inside, **attributes: str | int | float | bool | None) -> Html:
    """Return an element. An attribute that Python reserves ends in `_`; `_` within one is `-`; True
    is an attribute without a value, False and None are none.
    """
    words = "".join(_attribute(key, value) for key, value in attributes.items())
    start = f"<{name}{words}>"
    return Html(start) if name in _EMPTY else Html(f"{start}{markup(*inside)}</{name}>")


def link(address: str, *inside: Inside) -> Html:
    """Return a link that a reader may follow; text alone where the address is none of the web."""
    if not address.startswith(("https://", "http://")):
        return markup(*inside)
    return tag("a", *inside, href=address, rel="noreferrer noopener")


def table(
    heads: Sequence[Inside],
    rows: Iterable[Sequence[Inside]],
    *,
    caption: str = "",
    kind: str = "",
) -> Html:
    """Return a table whose first column names the rows, in a frame that scrolls sideways."""
    head = tag("tr", [tag("th", one, scope="col") for one in heads])
    body = [
        tag("tr", tag("th", first, scope="row"), [tag("td", one) for one in others])
        for first, *others in rows
    ]
    whole = tag(
        "table",
        tag("thead", head),
        tag("tbody", body),
        class_=kind or None,
    )
    said = caption or f"Table of {', '.join(one for one in heads if isinstance(one, str) and one)}"
    frame = tag("div", whole, class_="scroll", tabindex=0, role="group", aria_label=said)
    return markup(tag("p", caption, class_="caption") if caption else None, frame)


def facts(rows: Iterable[tuple[Inside, Inside]]) -> Html:
    """Return a list of words and what is to be said of each."""
    return tag(
        "dl", [tag("div", tag("dt", word), tag("dd", said)) for word, said in rows], class_="facts"
    )


def folded(title: Inside, *inside: Inside) -> Html:
    """Return what a reader unfolds."""
    return tag("details", tag("summary", title), *inside)


def data_block(name: str, document: Mapping[str, Any] | Sequence[Any]) -> Html:
    """Return a JSON document for the scripts of the page, which no text in it can leave.

    Its numbers are finite; raises ValueError where one is not.
    """
    text = json.dumps(document, separators=(",", ":"), allow_nan=False)
    inside = Html(text.translate(_IN_SCRIPT))
    return tag("script", inside, type="application/json", id=name)


def _markup(inside: Inside) -> str:
    if inside is None:
        return ""
    if isinstance(inside, Html):
        return inside
    if isinstance(inside, (str, int, float)):
        return escape(_readable(str(inside)))
    return "".join(map(_markup, inside))


def _attribute(key: str, value: str | int | float | bool | None) -> str:
    name = key.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(_readable(str(value)))}"'


def _readable(text: str) -> str:
    r"""Return text without bytes that are no text and control characters, which become `\u001b`."""
    return _UNREADABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
