"""Which layouts of other people's files are broken in one way?"""

from functools import partial

from mutants.machinery import REFUSED, Mutant
from torch import nn
from torch.nn import functional

from srkit_core.interfaces import Count, Generator
from srkit_core.registry import Registry
from srkit_core.specs import GeneratorSpec, LayoutSpec
from srkit_core.testing import LayoutContract


class Small(nn.Module):
    """A generator of a few convolutions, an enlargement, and perhaps a shift of colours."""

    def __init__(self, scale, blocks, features, gain):
        super().__init__()
        self.scale, self.gain = scale, gain
        self.first = nn.Conv2d(3, features, 3, padding=1)
        self.body = nn.ModuleList(nn.Conv2d(features, features, 1) for _ in range(blocks))
        self.last = nn.Conv2d(features, 3 * scale**2, 3, padding=1)

    def forward(self, lr):
        middle = self.first(lr)
        for block in self.body:
            middle = middle + self.gain * functional.relu(block(middle))
        return functional.pixel_shuffle(self.last(middle), self.scale)


def small(*, scale: int, blocks: Count = 1, features: Count = 4, gain: float = 1.0) -> Generator:
    """A small network.

    Args:
        blocks: how many convolutions are in its middle.
        features: its channels.
        gain: how much of each is added.
    """
    return Small(scale, blocks, features, gain)


SMALL = GeneratorSpec(name="small", factory=small, summary="for this test", scales=(2, 4))
OTHER = GeneratorSpec(name="other", factory=small, summary="for this test", scales=(2, 4))


def options(shapes, *, scale=0, blocks=0, features=0, **more):
    """Read every option, but for those that are given."""
    return {
        "scale": scale or round((shapes["last.weight"][0] / 3) ** 0.5),
        "blocks": blocks or len([name for name in shapes if name.startswith("body.")]) // 2,
        "features": features or shapes["first.weight"][0],
        **more,
    }


RENAMES = (
    (r"head\.(weight|bias)", r"first.\1"),
    (r"trunk\.(\d+)\.(weight|bias)", r"body.\1.\2"),
    (r"tail\.(weight|bias)", r"last.\1"),
    (r"mean\..*", ""),
)
MARKS = (r"head\.weight", r"trunk\.0\.weight", r"tail\.bias")
PLAIN = GeneratorSpec(
    name="plain", factory=small, summary="for this test", scales=(2, 4), trainable=False
)
OTHERS = LayoutSpec(
    name="others",
    generator="other",
    marks=(r"head\.weight", r"centre\.0\.weight", r"tail\.bias"),
    renames=(*RENAMES[::2], (r"centre\.(.*)", r"body.\1")),
    options=options,
    source="for this test",
)


def layout(**fields):
    """Return the maker of the contract of a layout that is sound but for some fields."""
    return partial(held_layout, fields)


def held_layout(fields):
    """Return the contract of a layout of `small`, beside another layout and generator."""
    usual = {"name": "made", "generator": "small", "marks": MARKS, "renames": RENAMES}
    spec = LayoutSpec(**({**usual, "options": options, "source": "for this test"} | fields))
    registry = Registry(()).with_components(
        SMALL, OTHER, PLAIN, OTHERS, spec, distribution="srkit-mutant"
    )
    found = {"layout": "made", "registry": lambda self: registry}
    return type("HeldLayout", (LayoutContract,), found)


def renamed(place, pattern, replacement=None):
    """Return the renames with another pattern or replacement in a place."""
    changed = [*RENAMES]
    changed[place] = (pattern, RENAMES[place][1] if replacement is None else replacement)
    return tuple(changed)


def alternating(answers):
    """Return options that name one that is usual anyway, every second time they are asked."""

    def asked(shapes):
        answers.append(0)
        return options(shapes, gain=1.0) if len(answers) % 2 else options(shapes)

    return asked


def emptying(shapes):
    found = options(shapes)
    dict.clear(shapes)
    return found


def adding(tensors):
    dict.update(tensors, more=tensors["head.bias"])
    return {}


def doubling(tensors):
    for value in tensors.values():
        value.mul_(2)
    return {}


def writing(factor):
    """Return a way back into files of the other project, which multiplies every tensor."""

    def write(arguments, tensors):
        there = {"first": "head", "body": "trunk", "last": "tail"}
        parts = {name: name.partition(".") for name in tensors}
        return {
            f"{there[parts[name][0]]}.{parts[name][2]}": factor * value
            for name, value in tensors.items()
        }

    return write


RECOGNISED = "test_a_file_is_recognised_and_its_tensors_find_their_places"
OF_OTHERS = "test_files_of_others_are_left_alone"
NAMED = "test_a_missing_and_an_unexpected_tensor_are_named"
SAID = "test_it_says_what_it_is"
INSTALLED = "test_its_network_is_installed"
PATTERNS = "test_its_patterns_are_sound"
KNOWN = "test_known_files_have_digests_and_options"
USUAL = "test_what_is_usual_are_options_of_the_network"
VARIANT = "test_a_file_of_other_options_is_what_it_was"
SCALES = "test_a_file_of_every_scale_is_what_it_was"
KEYED = "test_a_table_under_a_key_is_found"
UNCHANGED = "test_its_functions_change_nothing"
QUICK = "test_no_name_takes_long"
OWN_NAMES = "test_every_tensor_has_a_name_of_its_own"
READ_BACK = "test_what_it_writes_is_read_back"
NEVER = dict.fromkeys((RECOGNISED, KEYED, NAMED, SCALES, VARIANT), "no file of it is ever taken")
ANOTHER = dict.fromkeys((RECOGNISED, SCALES, VARIANT), "every file of it is taken for another")
UNNAMED = dict.fromkeys((SCALES, VARIANT), "no file of it can be made")
RAISED = {UNCHANGED: "what raises cannot be asked twice"}

SOUND = (
    ("renames and a mean that is dropped", layout()),
    ("the generator's own names", layout(marks=(r"first\.weight", r"body\.0\.weight"), renames=())),
    ("a gain that files of it usually have", layout(usual=lambda shapes: {"gain": 1.0})),
    ("a published file", layout(known={"0123abcd": {"gain": 0.5}})),
    ("files of one scale", layout(scales=(4,))),
    ("a way back", layout(write=writing(1.0))),
)
FIELDS = (
    ("marks-match-everything", {"marks": (r".*",)}, OF_OTHERS, "match a file of 'weight'"),
    ("marks-match-every-weight", {"marks": (r".*weight",)}, OF_OTHERS, "match a file of 'weight'"),
    (
        "marks-are-those-of-another",
        {"marks": MARKS[::2]},
        OF_OTHERS,
        "file of layout srkit-mutant/others",
    ),
    ("a-mark-matches-a-bias", {"marks": (*MARKS[:1], r"bias")}, RECOGNISED, "not of any layout"),
    (
        "a-mark-may-have-a-prefix",
        {"marks": (r"(.*\.)?head\.weight",)},
        KEYED,
        "of its own is refused",
    ),
    ("the-scale-is-fixed", {"options": partial(options, scale=4)}, SCALES, "scale 2 is refused"),
    ("blocks-are-fixed", {"options": partial(options, blocks=1)}, VARIANT, "blocks=2 is refused"),
    ("features-are-fixed", {"options": partial(options, features=4)}, VARIANT, "features=5 is ref"),
    ("options-lie", {"options": partial(options, gain=0.5)}, RECOGNISED, "gain=0.5"),
    ("the-usual-is-unusual", {"usual": lambda shapes: {"gain": 0.5}}, RECOGNISED, "gain=0.5"),
    ("numbers-lie", {"numbers": lambda tensors: {"gain": 2.0}}, RECOGNISED, "gain=2"),
    ("it-writes-other-numbers", {"write": writing(2.0)}, READ_BACK, "computes something else"),
    ("an-option-does-not-exist", {"options": partial(options, colour=1)}, RECOGNISED, "colour"),
    ("a-usual-option-does-not-exist", {"usual": lambda shapes: {"mood": 1}}, USUAL, "option mood"),
    ("a-usual-value-does-not-fit", {"usual": lambda shapes: {"gain": "x"}}, USUAL, "'gain'"),
    ("a-number-is-no-option", {"numbers": lambda tensors: {"mood": 1}}, USUAL, "option mood"),
    (
        "numbers-need-a-tensor",
        {"numbers": lambda tensors: {"gain": tensors["head.bias"].numel() / 4}},
        USUAL,
        "KeyError",
    ),
    ("options-raise", {"options": lambda shapes: shapes + 1}, RECOGNISED, "TypeError"),
    ("options-say-no-scale", {"options": lambda shapes: {"blocks": 1}}, RECOGNISED, "'scale'"),
    ("options-are-none", {"options": lambda shapes: None}, RECOGNISED, "TypeError"),
    ("usual-raises", {"usual": lambda shapes: {}["x"]}, USUAL, "KeyError"),
    ("options-empty-the-shapes", {"options": emptying}, UNCHANGED, "changes the shapes"),
    ("numbers-change-the-tensors", {"numbers": doubling}, UNCHANGED, "changes the tensors"),
    ("numbers-add-a-tensor", {"numbers": adding}, UNCHANGED, "changes the tensors"),
    ("answers-change", {"options": alternating([])}, UNCHANGED, "answers differently"),
    ("biases-are-dropped", {"renames": ((r".*bias", ""), *RENAMES)}, OWN_NAMES, "becomes first.b"),
    ("what-is-unknown-is-dropped", {"renames": (*RENAMES, (r"[^.]*\.else", ""))}, NAMED, "taken"),
    (
        "a-rename-has-a-typo",
        {"renames": renamed(2, RENAMES[2][0], r"lst.\1")},
        RECOGNISED,
        "not of",
    ),
    (
        "two-tensors-become-one",
        {"renames": ((r"(first|last)\.(.*)", r"last.\2"), *RENAMES[1:])},
        OWN_NAMES,
        "becomes first",
    ),
    ("a-rename-is-exponential", {"renames": (*RENAMES, (r"(a+)+=", ""))}, QUICK, r"\(a\+\)\+="),
    ("a-rename-is-cubic", {"renames": (*RENAMES, (r".*.*.*=", ""))}, QUICK, "takes long for"),
    ("a-mark-is-exponential", {"marks": (*MARKS, r"head\.bias|(?:0*)*=")}, QUICK, "takes long"),
    (
        "a-rename-grows-with-its-own-names",
        {"renames": (*RENAMES, (r"(\w+\.?)+=", ""))},
        QUICK,
        "long",
    ),
    ("a-group-does-not-exist", {"renames": (*RENAMES, (r"x", r"\3"))}, PATTERNS, "invalid group"),
    ("its-generator-is-gone", {"generator": "gone"}, INSTALLED, "no generator named 'gone'"),
    ("its-generator-learns-nothing", {"generator": "plain"}, INSTALLED, "plain has no tensors"),
    ("a-scale-is-none-of-the-generators", {"scales": (3,)}, INSTALLED, "small has no scale 3"),
    ("small-is-of-another", {"small": "other"}, INSTALLED, "its small generator is other"),
    ("small-has-another-gain", {"small": "small(gain=0.5)"}, RECOGNISED, "gain=1"),
    ("a-digest-is-short", {"known": {"0123": {}}}, KNOWN, "'0123' is no sha256"),
    ("a-digest-is-in-capitals", {"known": {"ABCDEF01": {}}}, KNOWN, "small letters"),
    ("a-known-option-does-not-exist", {"known": {"0" * 64: {"mood": 1}}}, KNOWN, "option mood"),
    ("a-known-value-does-not-fit", {"known": {"0" * 64: {"blocks": -1}}}, KNOWN, "'blocks'"),
    ("it-has-no-source", {"source": " "}, SAID, "names no source"),
    ("it-has-no-marks", {"marks": ()}, REFUSED, "marks"),
    ("a-mark-is-no-pattern", {"marks": (r"(",)}, REFUSED, "no regular expression"),
    ("a-rename-is-no-pattern", {"renames": ((r"[", ""),)}, REFUSED, "no regular expression"),
    ("a-rename-is-no-pair", {"renames": ("ab",)}, REFUSED, "renames"),
)
ALSO = {
    **dict.fromkeys(
        (
            "marks-match-everything",
            "marks-match-every-weight",
            "a-mark-matches-a-bias",
            "an-option-does-not-exist",
            "a-usual-option-does-not-exist",
            "a-usual-value-does-not-fit",
            "a-number-is-no-option",
            "options-say-no-scale",
            "a-rename-has-a-typo",
        ),
        NEVER,
    ),
    **dict.fromkeys(("options-raise", "options-are-none", "usual-raises"), NEVER | RAISED),
    **dict.fromkeys(
        (
            "options-lie",
            "the-usual-is-unusual",
            "numbers-lie",
            "small-has-another-gain",
            "numbers-change-the-tensors",
        ),
        ANOTHER,
    ),
    **dict.fromkeys(("biases-are-dropped", "two-tensors-become-one"), UNNAMED),
    "a-mark-may-have-a-prefix": {OF_OTHERS: "a table that lies under a key is any other's too"},
    "numbers-need-a-tensor": {VARIANT: "the gain that it makes of a tensor is not the file's"},
    "numbers-add-a-tensor": {USUAL: "it needs the tensor that it adds"},
    "small-is-of-another": {RECOGNISED: "the file of another is taken for what it would be here"},
}
"""What a fault cannot but do beside, by the name of the mutant."""

MUTANTS = (
    *(
        Mutant(
            name=name,
            held=layout(**fields),
            caught_by=check,
            says=says,
            also={one: why for one, why in ALSO.get(name, {}).items() if one != check},
        )
        for name, fields, check, says in FIELDS
    ),
    Mutant(
        name="blocks-become-one",
        held=layout(
            renames=renamed(1, r"trunk\.\d+\.(weight|bias)", r"body.0.\1"),
            marks=(MARKS[0], r"trunk\.\d+\.weight", MARKS[2]),
        ),
        escapes="what the other project calls a second block is in its own files alone, for which "
        "a test has foreign_name; srkit refuses such a file by the names of the two tensors",
    ),
)
