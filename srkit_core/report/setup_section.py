"""What does a reader need to train the same again: recipe, data, machine, command, papers?"""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from srkit_core.errors import RegistryError
from srkit_core.expressions import Call
from srkit_core.recipe import Recipe
from srkit_core.registry import Component, Registry
from srkit_core.report.html_parts import Html, Inside, facts, folded, markup, table, tag
from srkit_core.report.paper_links import cited, licence_link
from srkit_core.report.run_story import RunStory, said, typed
from srkit_core.specs import Kind


def setup_section(stories: Sequence[RunStory], registry: Registry) -> Html:
    """Return what was trained, of each run, and of several in what their recipes differ."""
    several = len(stories) > 1
    parts = [_of_run(one, number, several=several) for number, one in enumerate(stories)]
    differences = _differences(stories) if several else None
    return tag(
        "section",
        tag("h2", "What was trained"),
        differences,
        parts,
        _components(stories, registry),
        id="setup",
    )


def _of_run(story: RunStory, number: int, *, several: bool) -> Html:
    head = tag("h3", tag("i", class_=f"swatch b{number % 6}"), story.label) if several else None
    recipe = f"recipe-{number}"
    stages = _stages(story.recipe) if story.recipe else None
    written = _preformatted(story.recipe_text, recipe) if story.recipe_text else None
    return tag(
        "div",
        head,
        tag("div", facts(_wishes(story)), facts(_means(story)), class_="pair"),
        stages,
        _commands(story, number),
        folded("Recipe, every option written out", written) if written else None,
        folded("Versions of srkit, torch and plugins", facts(_versions(story))),
        class_="run",
    )


def _wishes(story: RunStory) -> Iterator[tuple[Inside, Inside]]:
    recipe = story.recipe
    if recipe is None:
        return
    yield "Recipe", recipe.name
    yield "Generator", tag("code", str(recipe.generator))
    if recipe.discriminator:
        yield "Discriminator", tag("code", str(recipe.discriminator))
    yield "LR made by", tag("code", str(recipe.degradation))
    if recipe.target.items:
        yield "Target", tag("code", str(recipe.target))
    yield "Scale, seed", f"×{recipe.scale}, seed {recipe.seed}"
    yield "Metrics", tag("code", str(recipe.validation.metrics))


def _means(story: RunStory) -> Iterator[tuple[Inside, Inside]]:
    environment = story.environment
    data = environment.get("data", {})
    crops = f", {data['crops']:,} of them trained on" if data.get("crops") else ""
    machine = [environment.get(one) for one in ("device", "precision", "platform")]
    changed = "" if said(environment, "git", "clean") else ", with changes"
    processes = environment.get("processes") or 1
    found: dict[str, tuple[Any, Inside]] = {
        "Data": (data, f"{data.get('source')}: {data.get('pictures', 0):,} pictures{crops}"),
        "Fingerprint": (data, tag("code", str(data.get("fingerprint", ""))[:16])),
        "Validated on": (environment.get("validation"), _named(environment.get("validation"))),
        "Kept for a test": (environment.get("test"), _named(environment.get("test"))),
        "Begun from": (said(environment, "init", "path"), str(said(environment, "init", "path"))),
        "Machine": (any(machine), ", ".join(str(one) for one in machine if one)),
        "Processes": (processes != 1, str(processes)),
        "Commit": (
            said(environment, "git", "commit"),
            markup(tag("code", str(said(environment, "git", "commit"))[:12]), changed),
        ),
        "Run": (environment.get("id"), tag("code", str(environment.get("id")))),
    }
    yield from ((word, what) for word, (known, what) in found.items() if known)


def _named(names: Sequence[Any] | None, most: int = 6) -> str:
    names = names or []
    shown = ", ".join(map(str, names[:most]))
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def _versions(story: RunStory) -> Iterator[tuple[Inside, Inside]]:
    yield "python", str(story.environment.get("python", "unknown"))
    for name, version in (story.environment.get("versions") or {}).items():
        yield name, str(version)


def _stages(recipe: Recipe) -> Html:
    heads = ["stage", "length", "loss", "learning rate", "batch", "HR crop", "augmentation"]
    rows = [
        [
            one.name,
            str(one.length),
            tag("code", str(one.loss)),
            f"{one.lr:g}, {one.schedule.name}",
            f"{one.batch}",
            f"{one.patch}",
            tag("code", str(one.augment)),
        ]
        for one in recipe.stages
    ]
    return table(heads, rows, kind="wide")


def _commands(story: RunStory, number: int) -> Html:
    again = f"srkit train {shlex.quote(str(story.folder.recipe))}"
    typed_before = [typed(one) for one in story.environment.get("commands", [])]
    history = tag("p", "It was begun with ", _codes(typed_before), ".") if typed_before else None
    name = f"again-{number}"
    copy = tag("button", "Copy", type="button", data_copy=name, hidden=True)
    return tag(
        "div",
        tag("h4", "To train it again"),
        tag("div", tag("pre", tag("code", again, id=name), tabindex=0), copy, class_="command"),
        history,
    )


def _codes(lines: Sequence[str]) -> Html:
    return markup(
        [markup(", then " if place else "", tag("code", one)) for place, one in enumerate(lines)]
    )


def _preformatted(text: str, name: str) -> Html:
    copy = tag("button", "Copy", type="button", data_copy=name, hidden=True)
    return tag("div", tag("pre", tag("code", text, id=name), tabindex=0), copy, class_="command")


def _differences(stories: Sequence[RunStory]) -> Html | None:
    """Return the fields in which the recipes of runs differ, side by side."""
    flat = [dict(_flat(one.recipe.to_dict() if one.recipe else {})) for one in stories]
    fields = [
        name
        for name in dict.fromkeys(name for one in flat for name in one)
        if len({one.get(name, "–") for one in flat}) > 1
    ]
    if not fields:
        return tag("p", "The recipes of these runs are the same.", class_="note")
    rows = [
        [tag("code", name), *(tag("code", one.get(name, "–")) for one in flat)] for name in fields
    ]
    return table(
        ["field", *(one.label for one in stories)],
        rows,
        caption="Where the recipes differ",
        kind="wide",
    )


def _flat(document: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(document, Mapping) and document:
        for name, inside in document.items():
            yield from _flat(inside, f"{path}.{name}".lstrip("."))
    elif isinstance(document, list) and any(isinstance(one, Mapping) for one in document):
        for place, inside in enumerate(document):
            yield from _flat(inside, f"{path}.{place}")
    else:
        yield path, str(document)


def _components(stories: Sequence[RunStory], registry: Registry) -> Html | None:
    """Return what the recipes name, with its paper and its licence, as far as it is installed."""
    found = {
        (kind, call.name): _component(registry, kind, call.name)
        for story in stories
        if story.recipe
        for kind, call in _calls(story.recipe)
    }
    rows = [
        [
            kind,
            tag("code", name),
            one.spec.summary,
            cited(one.spec.source),
            licence_link(one.spec.licence),
        ]
        for (kind, name), one in found.items()
        if one
    ]
    heads = ["kind", "component", "what it is", "source", "licence"]
    return (
        markup(tag("h3", "Components, papers and licences"), table(heads, rows, kind="wide"))
        if rows
        else None
    )


def _calls(recipe: Recipe) -> Iterator[tuple[Kind, Call]]:
    yield "generator", recipe.generator
    if recipe.discriminator:
        yield "discriminator", recipe.discriminator
    yield from (("loss", term.call) for stage in recipe.stages for term in stage.loss.terms)
    yield from (("metric", term.call) for term in recipe.validation.metrics.terms)
    chains = (*recipe.target.items, *recipe.degradation.items)
    yield from (("degradation", item.call) for item in chains)


def _component(registry: Registry, kind: Kind, name: str) -> Component | None:
    try:
        return registry.find(kind, name)
    except RegistryError:
        return None
