"""Is every field of an announcement that is not of its type refused, with a line that says so?"""

from dataclasses import fields, replace
from pathlib import Path

import pytest

import srkit_core.specs as announcing
from srkit_core.field_types import field_faults
from srkit_core.interfaces import Generator
from srkit_core.registry import discover
from srkit_core.spec_faults import UnsoundError, check_specs
from srkit_core.specs import (
    AnnouncedSpec,
    CommandSpec,
    DegradationSpec,
    DiscriminatorSpec,
    GeneratorSpec,
    Home,
    LayoutSpec,
    LossSpec,
    MetricSpec,
    Packaged,
    RecipeSpec,
    Shipped,
    WeightsFile,
    WeightsSpec,
)


def make(*, scale: int) -> Generator:
    raise AssertionError("nobody builds it")


def file(**more):
    return WeightsFile(**({"sha256": "0" * 64, "size": 1} | more))


WELL = {
    "generator": GeneratorSpec(name="x", factory=make, summary="s", scales=(2,)),
    "discriminator": DiscriminatorSpec(name="x", factory=make, summary="s"),
    "loss": LossSpec(name="x", factory=make, summary="s"),
    "metric": MetricSpec(name="x", factory=make, summary="s", higher_is_better=True),
    "degradation": DegradationSpec(name="x", factory=make, summary="s"),
    "layout": LayoutSpec(name="x", generator="g", marks=("a",), options=dict, source="s"),
    "recipe": RecipeSpec(name="x", file=Path("x.toml"), summary="s"),
    "command": CommandSpec(name="x", load=lambda: print, summary="s", example="srkit x"),
    "weights": WeightsSpec(name="x", files=(file(),), licence="MIT", summary="s", source="s"),
}
FUNCTION = "must be a function, not 3"
FAULTS = [
    ("generator", {"scales": "24"}, "scales must be a tuple, each item a whole number, not '24'"),
    ("generator", {"scales": [2]}, "scales must be a tuple, each item a whole number, not [2]"),
    ("generator", {"scales": ()}, "scales must be of 1 item or more, not ()"),
    ("generator", {"scales": (2, 0)}, "scales[1] must be >= 1, not 0"),
    ("generator", {"scales": (2.0,)}, "scales[0] must be a whole number, not 2.0"),
    ("generator", {"scales": (True,)}, "scales[0] must be a whole number, not True"),
    ("generator", {"trainable": "yes"}, "trainable must be true or false, not 'yes'"),
    ("generator", {"trainable": 1}, "trainable must be true or false, not 1"),
    ("generator", {"summary": None}, "summary must be text, not None"),
    ("generator", {"summary": "a\nb"}, "summary must be one line of text of up to 300 characters"),
    ("generator", {"summary": "\x1b[2J"}, "summary must be one line of text of up to 300"),
    ("generator", {"summary": "\u202eabc"}, "summary must be one line of text of up to 300"),
    ("generator", {"summary": "x" * 301}, "summary must be one line of text of up to 300"),
    ("generator", {"source": b"x"}, "source must be text, not b'x'"),
    ("generator", {"source": "x\x07"}, "source must be text of up to 4000 characters"),
    ("generator", {"licence": 3}, "licence must be text, not 3"),
    ("generator", {"factory": 3}, "factory must be a function, not 3"),
    ("generator", {"factory": None}, "factory must be a function, not None"),
    ("generator", {"small": None}, "small must be text, not None"),
    ("generator", {"pretrained": ()}, "pretrained must be a function, not ()"),
    ("generator", {"pretrained": lambda: ()}, "pretrained must be a function of one argument"),
    ("generator", {"size_multiple": 0}, "size_multiple must be >= 1, not 0"),
    ("generator", {"size_multiple": "8"}, "size_multiple must be a whole number or a function"),
    ("generator", {"size_multiple": lambda: 8}, "size_multiple must be a function of one argument"),
    ("generator", {"min_size": -1}, "min_size must be >= 1, not -1"),
    ("generator", {"min_size": 1.5}, "min_size must be a whole number or a function, not 1.5"),
    ("generator", {"receptive": -1}, "receptive must be >= 0, not -1"),
    ("generator", {"receptive": None}, "receptive must be a whole number or a function, not None"),
    ("generator", {"body": ("a",)}, "body must be text, not ('a',)"),
    ("generator", {"opened_by": "x"}, "opened_by must be a function, not 'x'"),
    ("generator", {"keeps_16_bit": [1]}, "keeps_16_bit must be a mapping, not [1]"),
    ("generator", {"keeps_16_bit": {1: 2}}, "a key of keeps_16_bit must be text, not 1"),
    ("generator", {"interface": "1"}, "interface must be a whole number, not '1'"),
    ("generator", {"interface": -1}, "it was written for interface -1 of a generator"),
    ("generator", {"name": 3}, "name must be text, not 3"),
    ("discriminator", {"lipschitz": True}, "lipschitz must be a function, not True"),
    ("discriminator", {"min_size": "1"}, "min_size must be a whole number or a function, not '1'"),
    ("loss", {"default_weight": float("nan")}, "default_weight must be a number, not nan"),
    ("loss", {"default_weight": float("inf")}, "default_weight must be a number, not inf"),
    ("loss", {"default_weight": -1}, "default_weight must be >= 0, not -1"),
    ("loss", {"default_weight": "1"}, "default_weight must be a number, not '1'"),
    ("loss", {"default_weight": True}, "default_weight must be a number, not True"),
    ("loss", {"adversarial": None}, "adversarial must be true or false, not None"),
    ("loss", {"needs_lipschitz": 0}, "needs_lipschitz must be true or false, not 0"),
    ("loss", {"needs_reference": "no"}, "needs_reference must be true or false, not 'no'"),
    ("metric", {"higher_is_better": "yes"}, "higher_is_better must be true or false, not 'yes'"),
    ("metric", {"unit": None}, "unit must be text, not None"),
    ("metric", {"domain": "luma"}, "domain must be 'protocol' or 'rgb', not 'luma'"),
    ("degradation", {"margin": 3}, "margin must be a function, not 3"),
    ("degradation", {"divisor": 4}, "divisor must be a function, not 4"),
    ("degradation", {"exact_in_crops": False}, "exact_in_crops must be a function, not False"),
    ("degradation", {"of_pixels": 3}, "of_pixels must be a function, not 3"),
    ("layout", {"marks": "a"}, "marks must be a tuple, each item text, not 'a'"),
    ("layout", {"marks": ()}, "its files are known by marks, or by recognises together with reads"),
    ("layout", {"marks": (1,)}, "marks[0] must be text, not 1"),
    ("layout", {"marks": ("(",)}, "'(' is no regular expression: missing ), unterminated subpatt"),
    ("layout", {"renames": {"a": "b"}}, "renames must be a tuple, each item a tuple of text, text"),
    ("layout", {"renames": (("a",),)}, "renames[0] must be of another length than 1"),
    ("layout", {"renames": (("[", ""),)}, "'[' is no regular expression: unterminated character"),
    ("layout", {"known": {"0": 3}}, "known['0'] must be a mapping, not 3"),
    ("layout", {"options": {}}, "options must be a function, not {}"),
    ("layout", {"usual": lambda: {}}, "usual must be a function of one argument"),
    ("recipe", {"file": "x.toml"}, "file must be a Path, not 'x.toml'"),
    ("command", {"load": "cli:main"}, "load must be a function, not 'cli:main'"),
    ("command", {"load": print}, None),
    ("command", {"load": lambda name: print}, "load must be a function of no arguments"),
    ("command", {"example": None}, "example must be text, not None"),
    ("weights", {"files": ["x.pth"]}, "files must be a tuple, each item a WeightsFile, not ['x"),
    ("weights", {"files": ("x.pth",)}, "files[0] must be a WeightsFile, not 'x.pth'"),
    ("weights", {"files": ()}, "files must be of 1 item or more, not ()"),
    ("weights", {"files": (file(sha256="abc"),)}, "files[0]: sha256 must be 64 hex digits, in sma"),
    ("weights", {"files": (file(sha256="A" * 64),)}, "files[0]: sha256 must be 64 hex digits"),
    ("weights", {"files": (file(size=-1),)}, "files[0]: size must be >= 1, not -1"),
    (
        "weights",
        {"files": (file(size="9"),)},
        "files[0]: size must be a whole number or None, not '9'",
    ),
    (
        "weights",
        {"files": (file(sources=("https://x",)),)},
        "files[0]: sources[0] must be a Home or a Packaged or a Shipped, not 'https://x'",
    ),
    ("weights", {"files": (file(sources=(Home(3),)),)}, "files[0]: sources[0]: url must be text"),
    (
        "weights",
        {"files": (file(sources=(Shipped("x"),)),)},
        "files[0]: sources[0]: path must be a Path, not 'x'",
    ),
    (
        "weights",
        {"files": (file(sources=(Packaged(project="p", archive="a", sha256="0", member="m"),)),)},
        "files[0]: sources[0]: sha256 must be 64 hex digits",
    ),
    ("weights", {"gain": 0}, "gain must be >= 1e-06, not 0"),
    ("weights", {"scale": "4"}, "scale must be a whole number or None, not '4'"),
    ("weights", {"scale": 0}, "scale must be >= 1, not 0"),
    ("weights", {"licence": None}, "licence must be text, not None"),
]

IDS = [f"{number}-{kind}-{next(iter(one))}" for number, (kind, one, _) in enumerate(FAULTS)]


@pytest.mark.parametrize(("kind", "changes", "fault"), FAULTS, ids=IDS)
def test_a_field_that_does_not_fit_is_refused_where_it_is_announced(kind, changes, fault):
    spec = replace(WELL[kind], **changes)
    if fault is None:
        check_specs([spec])
        return
    with pytest.raises(UnsoundError) as refused:
        check_specs([spec])
    (only,) = refused.value.faults
    named = f"{kind} {spec.name!r}: "
    assert only.startswith(named + fault)
    assert len(only) < 250


@pytest.mark.parametrize("kind", WELL)
def test_what_fits_is_taken(kind):
    check_specs([WELL[kind]])


def classes():
    every = [one for one in vars(announcing).values() if isinstance(one, type)]
    return sorted(
        (one for one in every if issubclass(one, AnnouncedSpec) and hasattr(one, "kind")),
        key=lambda one: one.__name__,
    )


@pytest.mark.parametrize("cls", classes(), ids=lambda cls: cls.__name__)
def test_every_field_of_every_spec_has_a_type_that_refuses_something(cls):
    odd = object.__new__(cls)
    for one in fields(cls):
        object.__setattr__(odd, one.name, {1, 2})
    named = " ".join(field_faults(odd))
    assert [one.name for one in fields(cls) if f"{one.name} must be" not in named] == []


def test_what_is_installed_is_sound():
    registry = discover()
    assert registry.problems == ()
    assert all(not list(field_faults(one.spec)) for one in registry.components)


def test_a_value_whose_repr_fails_is_told_all_the_same():
    class Hostile:
        def __repr__(self):
            raise RuntimeError("no")

    faults = list(field_faults(replace(WELL["loss"], summary=Hostile())))
    assert faults == ["summary must be text, not a Hostile whose repr raises RuntimeError"]
