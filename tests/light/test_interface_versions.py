"""Does the version of a kind's interface move when what it asks of a plugin changes?

`interfaces.json` beside this file holds, for each kind and version, the digest of the fields of its
spec and of the signatures of its protocols. Where the test fails: raise the number in
`srkit_core.interfaces.INTERFACES` and add the line that the message prints; docs/versions.md says
when older versions are still taken.
"""

import ast
import hashlib
import inspect
import json
from pathlib import Path

import pytest

import srkit_core.specs as announcing
from srkit_core import interfaces
from srkit_core.callbacks import Callback
from srkit_core.errors import PluginError
from srkit_core.interfaces import INTERFACES, OLDEST_INTERFACES, accepted_interfaces
from srkit_core.registry import discover
from srkit_core.spec_faults import check_specs
from srkit_core.specs import AnnouncedSpec, LossSpec

RECORDED = json.loads(Path(__file__).with_name("interfaces.json").read_text(encoding="utf-8"))
PROTOCOLS = {
    "generator": ["Generator"],
    "discriminator": ["Discriminator"],
    "loss": ["ReferenceLoss", "AdversarialLoss"],
    "metric": ["Metric", "SetMetric"],
    "degradation": ["Degradation", "TracedDegradation"],
    "optimizer": ["MakeOptimizer"],
    "schedule": ["StepPosition"],
    "tracker": ["RunInfo", "Tracker"],
    "format": ["PictureFormat", "WritablePictureFormat"],
    "data-source": ["PictureSource"],
}
CLASSES = {
    cls.kind: cls
    for cls in vars(announcing).values()
    if isinstance(cls, type) and issubclass(cls, AnnouncedSpec) and hasattr(cls, "kind")
}
KINDS = sorted(CLASSES)


def asked(cls):
    """Return the fields and the signatures of a class and of those that it extends, as written."""
    for one in reversed(cls.__mro__):
        if not one.__module__.startswith("srkit_core"):
            continue
        (body,) = ast.parse(inspect.getsource(one)).body
        for node in body.body:
            if isinstance(node, ast.AnnAssign):
                given = " = ..." if node.value else ""
                yield f"{ast.unparse(node.target)}: {ast.unparse(node.annotation)}{given}"
            elif isinstance(node, ast.FunctionDef) and not node.name.startswith("__post"):
                returned = ast.unparse(node.returns) if node.returns else ""
                yield f"{node.name}({ast.unparse(node.args)}) -> {returned}"


def digest_of(kind):
    classes = [CLASSES[kind], *(getattr(interfaces, name) for name in PROTOCOLS.get(kind, []))]
    classes += [Callback] if kind == "callback" else []
    lines = [f"{cls.__name__}.{line}" for cls in classes for line in asked(cls)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


@pytest.mark.parametrize("kind", KINDS)
def test_an_interface_that_changes_has_another_version(kind):
    version = str(INTERFACES[kind])
    assert RECORDED[kind].get(version) == digest_of(kind), (
        f'"{version}": "{digest_of(kind)}" is the {kind} interface as it stands'
    )


def test_every_kind_has_a_version_and_old_ones_stay_recorded():
    assert sorted(INTERFACES) == KINDS == sorted(RECORDED)
    for kind in KINDS:
        oldest, newest = accepted_interfaces(kind)
        assert 1 <= oldest <= newest
        assert sorted(RECORDED[kind]) == [str(one) for one in range(1, newest + 1)]
    assert OLDEST_INTERFACES.keys() <= INTERFACES.keys()


def l1() -> interfaces.ReferenceLoss:
    raise AssertionError("nobody builds it")


def loss(**fields):
    return LossSpec(name="own", factory=l1, summary="s", **fields)


@pytest.fixture
def moved(monkeypatch):
    """A srkit whose losses are of interface 3 and that takes those of 2."""
    monkeypatch.setitem(interfaces.INTERFACES, "loss", 3)
    monkeypatch.setitem(interfaces.OLDEST_INTERFACES, "loss", 2)


def test_a_spec_that_says_nothing_is_of_the_interface_of_its_kind(moved):
    assert loss().interface == 3


@pytest.mark.parametrize("version", [2, 3])
def test_older_versions_are_taken_as_far_as_srkit_says(moved, version):
    check_specs([loss(interface=version)])


@pytest.mark.parametrize(
    ("version", "needed"), [(1, "a newer version of this plugin"), (4, "a newer srkit")]
)
def test_what_is_too_old_or_too_new_is_told_which_versions_are_taken(moved, version, needed):
    with pytest.raises(PluginError) as refused:
        check_specs([loss(interface=version)])
    assert refused.value.message == (
        f"loss 'own': it was written for interface {version} of a loss, this srkit takes 2 to 3: "
        f"{needed} is needed"
    )


def test_a_component_of_a_plugin_that_is_too_new_says_so(plugin):
    registry = discover([plugin(loss(interface=9), distribution="zz-own")])
    with pytest.raises(
        PluginError, match=r"'zz-own/own' is in zz-own, which is broken: .* of a loss"
    ):
        registry.find("loss", "zz-own/own")
