"""How do pictures stand in a page: a viewer with a divider, and below it every picture by step?"""

from collections.abc import Iterator
from typing import Any, Final

from srkit_core.report.html_parts import Html, data_block, markup, tag
from srkit_core.report.picture_budget import Fitted
from srkit_core.report.shown_pictures import Shot, ShotSource, ShownPicture

_KEYS: Final = (
    "Drag the divider, or move it with the arrow keys. Zoom with the slider, with + and -, by two "
    "fingers, or by a double click; drag or use the arrow keys on the picture to move in it."
)


def picture_section(shown: Fitted) -> Html | None:
    """Return the section of pictures; None where there is none."""
    notes = [tag("p", f"{note[0].upper()}{note[1:]}.", class_="note") for note in shown.notes]
    if not shown.pictures:
        return tag("section", tag("h2", "Pictures"), notes, id="pictures") if notes else None
    placed = dict[str, str]()
    films = [_film(shown, number, one, placed) for number, one in enumerate(shown.pictures)]
    document = [
        {"name": one.name, "sources": [_listed(source, placed) for source in one.sources]}
        for one in shown.pictures
    ]
    return tag(
        "section",
        tag("h2", "Pictures"),
        _viewer(),
        tag("div", films, class_="films"),
        notes,
        data_block("picture-data", document),
        id="pictures",
    )


def _viewer() -> Html:
    return tag(
        "div",
        tag("div", list(_controls()), class_="controls"),
        tag(
            "div",
            tag("img", id="view-after", alt="", draggable="false"),
            tag("div", tag("img", id="view-before", alt="", draggable="false"), id="view-cut"),
            tag(
                "div",
                tag("span", "◂▸", aria_hidden="true"),
                id="view-divider",
                role="slider",
                tabindex=0,
                aria_label="Divider between the left and the right picture",
                aria_valuemin=0,
                aria_valuemax=100,
                aria_valuenow=50,
            ),
            id="view-frame",
            tabindex=0,
            role="group",
            aria_label="Two pictures over each other",
            aria_describedby="view-keys",
        ),
        tag(
            "div",
            tag("span", id="view-left-said"),
            tag("span", id="view-right-said"),
            class_="under",
        ),
        tag("p", _KEYS, class_="note", id="view-keys"),
        id="view-room",
        hidden=True,
    )


def _controls() -> Iterator[Html]:
    for name, word in (("picture", "Picture"), ("left", "Left"), ("right", "Right")):
        yield tag("label", tag("span", word), tag("select", id=f"view-{name}"))
    yield tag(
        "label",
        tag("span", "Step ", tag("b", id="view-step-said")),
        tag("input", type="range", min=0, max=0, step=1, id="view-step"),
    )
    yield tag(
        "label",
        tag("span", "Zoom ", tag("b", id="view-zoom-said")),
        tag("input", type="range", min=0, max=4, step=0.25, value=0, id="view-zoom"),
    )


def _film(shown: Fitted, number: int, picture: ShownPicture, placed: dict[str, str]) -> Html:
    """Return all shots of a picture; equal ones are in the page once, `placed` by their digests."""
    frames = list[Html]()
    for place, source in enumerate(picture.sources):
        for shot in source.shots:
            if shot.digest not in placed:
                placed[shot.digest] = f"shot-{len(placed)}"
                frames.append(_frame(shown, picture, source, shot, f"{number} {place}", placed))
    row = tag(
        "div", frames, class_="film", tabindex=0, role="group", aria_label=f"All of {picture.name}"
    )
    return markup(tag("h3", picture.name), row)


def _frame(
    shown: Fitted,
    picture: ShownPicture,
    source: ShotSource,
    shot: Shot,
    place: str,
    placed: dict[str, str],
) -> Html:
    height, width = shot.pixels.shape[:2]
    words = source.label if shot.step is None else f"{source.label}, step {shot.step:,}"
    image = tag(
        "img",
        src=shown.address(shot),
        id=placed[shot.digest],
        width=width,
        height=height,
        alt=f"{picture.name}: {words}",
    )
    show = f"{place} {shot.step}" if shot.step is not None else place
    return tag(
        "figure",
        tag("button", image, type="button", data_show=show, title="Show it on the right above"),
        tag("figcaption", words, tag("small", shot.note) if shot.note else None),
    )


def _listed(source: ShotSource, placed: dict[str, str]) -> dict[str, Any]:
    steps = [one.step for one in source.shots]
    found: dict[str, Any] = {
        "label": source.label,
        "ids": [placed[one.digest] for one in source.shots],
        "notes": [one.note for one in source.shots],
    }
    return found if None in steps else {**found, "steps": steps}
