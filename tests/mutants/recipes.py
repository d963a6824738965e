"""Which recipes that are shipped are broken in one way?"""

import tempfile
from functools import partial
from pathlib import Path

from mutants.layouts import SMALL
from mutants.machinery import Mutant

from srkit_core.interfaces import ReferenceLoss
from srkit_core.registry import discover
from srkit_core.specs import LossSpec, RecipeSpec
from srkit_core.testing import RecipeContract

HEAD = "# A small network on bundled photographs, for this test.\n"
TEXT = (
    HEAD
    + """name = "made"
scale = 4
generator = "small"

[[stages]]
name = "main"
loss = "l1"
steps = 10
patch = 64
"""
)
SCORES = (
    HEAD
    + """metrics = "psnr"
data = "Set5/HR"

[models]
bicubic = "bicubic"
"""
)
kept = []


def odd(*, share: float = float("nan")) -> ReferenceLoss:
    """A loss whose default is no number that can be written.

    Args:
        share: whatever.
    """
    return lambda sr, hr: (sr - hr).abs().mean()


ODD = LossSpec(name="odd", factory=odd, summary="for this test")


def held_recipe(text, name="made.toml", path=None, **fields):
    """Return the contract of a recipe with a text of its own."""
    kept.append(tempfile.TemporaryDirectory())
    file = Path(kept[-1].name) / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    usual = {"name": "made", "file": path or file, "summary": "for this test", "source": "a test"}
    spec = RecipeSpec(**(usual | fields))
    registry = discover().with_components(spec, SMALL, ODD, distribution="srkit-mutant")
    found = {"recipe": "made", "registry": lambda self: registry}
    return type("HeldRecipe", (RecipeContract,), found)


def recipe(old="", new="", *, text=TEXT, **fields):
    """Return the maker of the contract of a recipe in which one thing is another."""
    assert old in text
    return partial(held_recipe, text.replace(old, new, 1), **fields)


SAID = "test_it_says_what_it_is"
FILE = "test_its_file_comes_along"
COMMENT = "test_it_begins_with_a_comment"
READ = "test_it_is_a_recipe"
FITS = "test_it_fits_what_is_installed"
NAME = "test_it_names_itself"
SAME = "test_it_means_the_same_written_out"
PLACE = "test_it_names_no_place_of_a_machine"

SOUND = (
    ("a training", recipe()),
    ("an evaluation", recipe(text=SCORES)),
    ("a recipe of what is not here", recipe('"l1"', '"l1 + odd(share=0.5)"')),
)
MUTANTS = tuple(
    Mutant(name=name, held=held, caught_by=check, says=says, also=also)
    for name, held, check, says, also in (
        ("no-summary", recipe(summary=""), SAID, "no summary", {}),
        ("no-source", recipe(source=""), SAID, "no source", {}),
        ("file-gone", recipe(path=Path("/nowhere/made.toml")), FILE, "no file made.toml", {}),
        ("file-relative", recipe(path=Path("made.toml")), FILE, "no absolute path", {}),
        ("file-of-another-ending", recipe(name="made.txt"), FILE, "does not end in .toml", {}),
        ("file-is-huge", recipe("scale", "#" + "x" * 70_000 + "\nscale"), FILE, "bytes", {}),
        ("no-comment", recipe(HEAD, ""), COMMENT, "begins with 'name", {}),
        ("empty-comment", recipe(HEAD, "# TODO\n"), COMMENT, "does not say what it is", {}),
        ("unknown-field", recipe("steps", "stepz"), READ, "stepz|steps", {}),
        ("no-toml", recipe("scale = 4", "scale = ["), READ, "TOML", {}),
        ("scale-is-text", recipe("scale = 4", 'scale = "four"'), READ, "scale", {}),
        ("no-stages", recipe(text=HEAD + 'name = "made"\n'), READ, "lacks", {}),
        ("no-text", partial(held_recipe, b"\xff\xfe\x00"), READ, "not a text file", {}),
        ("loss-unreadable", recipe('"l1"', '"l1 + + tv"'), READ, "column", {}),
        (
            "list-gone",
            recipe("[[stages]]", '[data]\nhold_out = "gone.txt"\n\n[[stages]]'),
            READ,
            "gone.txt",
            {},
        ),
        ("evaluation-unknown-field", recipe("metrics", "metric", text=SCORES), READ, "metric", {}),
        ("loss-unknown", recipe('"l1"', '"l7"'), FITS, "no loss named 'l7'", {}),
        ("option-unknown", recipe('"small"', '"small(mood=1)"'), FITS, "option 'mood'", {}),
        ("option-misfits", recipe('"small"', '"small(blocks=0)"'), FITS, "'blocks' expects", {}),
        ("scale-not-offered", recipe("scale = 4", "scale = 3"), FITS, "no scale 3", {}),
        ("nothing-to-train", recipe('"small"', '"bicubic"'), FITS, "nothing to train", {}),
        ("no-discriminator", recipe('"l1"', '"l1 + gan"'), FITS, "discriminator", {}),
        ("patch-too-odd", recipe("patch = 64", "patch = 63"), FITS, "63", {}),
        (
            "optimizer-unknown",
            recipe("patch", 'optimizer = { name = "Sgdd" }\npatch'),
            FITS,
            "Sgdd",
            {},
        ),
        ("evaluation-metric-unknown", recipe('"psnr"', '"psnrr"', text=SCORES), FITS, "psnrr", {}),
        ("another-name", recipe('"made"', '"other"'), NAME, "name = 'other'", {}),
        ("no-name", recipe('name = "made"\n', ""), NAME, "name = 'run'", {}),
        ("default-cannot-be-written", recipe('"l1"', '"odd"'), SAME, "another recipe", {}),
        (
            "a-path",
            recipe("[[stages]]", '[data]\ntest = ["/home/me/a.png"]\n\n[[stages]]'),
            PLACE,
            "/home/me",
            {},
        ),
        ("a-home", recipe("Set5/HR", "~/Set5", text=SCORES), PLACE, "~/Set5", {}),
        ("a-drive", recipe('"Set5/HR"', r"'C:\Set5'", text=SCORES), PLACE, "C:", {}),
    )
)
