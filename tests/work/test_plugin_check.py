"""What does `srkit plugin check` try, and what does it say?"""

import json
from types import SimpleNamespace

import pytest

from srkit_core import registry as registry_module
from srkit_core.cli.app import run
from srkit_core.hooks import hookimpl
from srkit_core.interfaces import ReferenceLoss
from srkit_core.registry import discover
from srkit_core.specs import LossSpec, RecipeSpec, WeightsSpec
from srkit_core.testing import check_process
from srkit_core.testing.check_process import Findings, Tried
from srkit_core.testing.checks import CheckResult
from srkit_core.testing.run_checks import checks_for


def squared() -> ReferenceLoss:
    """The mean of squares."""
    return lambda sr, hr: (sr - hr).square().mean()


def wrong() -> ReferenceLoss:
    """A loss that ends the process, as far as it can."""
    raise SystemExit("enough")


def silent() -> ReferenceLoss:
    """A loss whose assertion has no text."""

    scope = {}
    exec("def loss(sr, hr):\n    assert sr.shape[1] == 7", scope)  # pytest gives others a text
    return scope["loss"]


def spec(factory, **fields):
    usual = {"summary": "for this test", "licence": "MIT"}
    return LossSpec(name=factory.__name__, factory=factory, **(usual | fields))


def plugin(name, *specs, error=""):
    def load():
        if error:
            raise ImportError(error)
        return SimpleNamespace(srkit_components=hookimpl(announced))

    def announced():
        return list(specs)

    announced.__name__ = "srkit_components"
    dist = SimpleNamespace(name=f"srkit-{name}", version="1.2")
    return SimpleNamespace(name=name, dist=dist, load=load)


@pytest.fixture
def plugins(monkeypatch, checks_here):
    """Beside the installed ones: a good plugin, a broken one, one with faults."""
    found = registry_module.entry_points
    raising = spec(squared, expected_failures={"test_it_is_zero_for_equal_pictures": "a reason"})
    added = [
        plugin("good", spec(squared)),
        plugin("broken", error="it was a bad day"),
        plugin("ending", spec(wrong)),
        plugin("silent", spec(silent)),
        plugin("surprised", raising),
    ]
    monkeypatch.setattr(
        registry_module, "entry_points", lambda group: [*found(group=group), *added]
    )


def document(capsys, *names):
    code = run(["plugin", "check", *names, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_good_plugin_passes_beside_a_broken_one(plugins, capsys):
    assert run(["plugin", "check", "srkit-good"]) == 0
    told = capsys.readouterr()
    head, row = told.out.splitlines()
    assert head.split() == ["kind", "name", "distribution", "checks", "found"]
    assert row.split()[:3] == ["loss", "squared", "srkit-good"]
    assert row.endswith("all pass")
    assert told.err == ""


def test_the_document_has_every_check_by_name(plugins, capsys):
    code, found = document(capsys, "srkit-good/squared", "demo", "srkit-srvgg/srvgg")
    assert code == 0
    assert list(found) == [
        "kit", "date", "components", "layouts", "recipes", "problems", "versions",
    ]  # fmt: skip
    assert found["versions"].keys() == {"python", "torch", "srkit"}
    assert [one["name"] for one in found["components"]] == ["srvgg", "squared"]
    registry = discover()
    for row in (*found["components"], *found["layouts"], *found["recipes"]):
        every = (*registry.components, *registry.others)
        (one,) = (
            one
            for one in every
            if (one.spec.kind, one.name, one.distribution)
            == (row["kind"], row["name"], row["distribution"])
        )
        assert [check["name"] for check in row["checks"]] == [name for _, name in checks_for(one)]
        assert all(check.keys() == {"topic", "name", "passed", "why"} for check in row["checks"])
        assert all(check["passed"] for check in row["checks"]), row


@pytest.mark.parametrize("name", ["srkit-broken", "broken", "srkit_broken"])
def test_a_broken_plugin_is_a_failure_with_its_error(plugins, capsys, name):
    code, found = document(capsys, name)
    assert code == 3
    assert found["components"] == []
    assert found["problems"] == [
        {
            "plugin": "broken",
            "distribution": "srkit-broken",
            "error": "ImportError: it was a bad day",
        }
    ]
    assert run(["plugin", "check", name]) == 3
    told = capsys.readouterr()
    assert "broken: srkit-broken: ImportError: it was a bad day" in told.out
    assert told.err == "error: 1 of 1 fail: srkit-broken (broken)\ntry: srkit doctor\n"


def test_a_component_that_ends_the_process_fails(plugins, capsys):
    code, found = document(capsys, "srkit-ending")
    assert code == 3
    failing = [one for one in found["components"][0]["checks"] if one["passed"] is False]
    assert "SystemExit: enough" in {one["why"] for one in failing}


def test_an_assertion_without_a_text_is_explained(plugins, capsys):
    _, found = document(capsys, "srkit-silent")
    whys = " ".join(str(one["why"]) for one in found["components"][0]["checks"])
    assert "an assertion without text fails in line 2 of <string>" in whys


def test_an_expected_failure_that_passes_is_a_failure(plugins, capsys):
    code, found = document(capsys, "srkit-surprised")
    assert code == 3
    whys = [one["why"] for one in found["components"][0]["checks"] if one["passed"] is False]
    assert whys != []


def test_an_expected_failure_is_told_with_its_reason(capsys, monkeypatch):
    result = CheckResult("values", "test_it_is_round", "expected", "it is meant to be square")
    one = Tried("loss", "l1", "srkit", [["values", "test_it_is_round"]], [result])
    monkeypatch.setattr(check_process, "check_in_process", lambda *_, **__: Findings(tried=[one]))
    assert run(["plugin", "check", "l1"]) == 0
    told = capsys.readouterr().out
    assert "1 expected to fail" in told
    assert "expected to fail: loss srkit/l1: it is round: it is meant to be square" in told
    _, found = document(capsys, "l1")
    assert found["components"][0]["checks"][0] == {
        "topic": "values",
        "name": "test_it_is_round",
        "passed": True,
        "why": "it is meant to be square",
        "expected": True,
    }


def test_a_network_that_is_not_here_is_no_failure(checks_here, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("SRKIT_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("SRKIT_CACHE", str(tmp_path))
    code, found = document(capsys, "realesrgan-x4plus")
    assert code == 0
    (row,) = found["weights"]
    assert [one["passed"] for one in row["checks"]].count(None) == 3
    assert {one["why"] for one in row["checks"] if one["passed"] is None} == {
        "realesrgan-x4plus is not on this machine"
    }


@pytest.mark.parametrize(
    ("word", "fact", "hint"),
    [
        ("hat", "nothing installed is called 'hat'", "srkit list"),
        ("srkit-rrbd", "nothing installed is called 'srkit-rrbd'", "did you mean 'srkit-rrdb'? "),
        ("a folder", "a folder is a folder, and a wheel is checked", "-w dist 'a folder'"),
        ("zz-1.tar.gz", "is an archive of sources", "pip wheel --no-deps -w dist zz-1.tar.gz"),
        ("gone-1-py3-none-any.whl", "there is no wheel gone", "pip wheel --no-deps -w dist ."),
    ],
)
def test_what_cannot_be_checked_is_refused(word, fact, hint, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a folder").mkdir()
    (tmp_path / "zz-1.tar.gz").write_bytes(b"sources")
    assert run(["plugin", "check", word]) == 3
    told = capsys.readouterr().err.splitlines()
    assert fact in told[0]
    assert hint in told[1]


def test_the_table_fits_80_columns(plugins, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["plugin", "check", "srkit-rrdb", "srkit-broken", "srkit-good"]) == 3
    told = capsys.readouterr().out.splitlines()
    assert max(map(len, told)) <= 80
    assert "weights    realesrgan-x4plus-anime  srkit-rrdb" in "\n".join(told)


def test_weights_and_recipes_are_among_what_is_tried():
    kinds = {type(one.spec) for one in discover().others}
    assert {RecipeSpec, WeightsSpec} <= kinds
