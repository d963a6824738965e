"""Is every installed component found, every broken plugin kept apart, and every miss answered with
what to do?
"""

import sys
from importlib.metadata import EntryPoint
from types import SimpleNamespace

import pytest

from srkit_core import plugin_loading
from srkit_core.errors import AmbiguousError, PluginError, UnknownComponentError
from srkit_core.hooks import hookimpl
from srkit_core.interfaces import Generator, ReferenceLoss
from srkit_core.registry import discover
from srkit_core.specs import ComponentSpec, GeneratorSpec, LossSpec, WeightsFile, WeightsSpec


def make(*, scale: int, blocks: int = 4) -> Generator:
    raise AssertionError("nobody builds it")


def compare() -> ReferenceLoss:
    raise AssertionError("nobody builds it")


def generator(name="rrdb", **fields):
    return GeneratorSpec(
        **({"name": name, "factory": make, "summary": "s", "scales": (4,)} | fields)
    )


def loss(name="rrdb"):
    return LossSpec(name=name, factory=compare, summary="s")


def weights(name="net-x4"):
    return WeightsSpec(
        name=name,
        files=(WeightsFile(sha256="0" * 64, size=1),),
        licence="MIT",
        summary="s",
        source="s",
    )


def raises(error):
    def load():
        raise error

    return load


def module(announce):
    return lambda: SimpleNamespace(srkit_components=hookimpl(announce))


BROKEN = {
    "import": (
        raises(ImportError("no module named 'gone'\nlong advice")),
        "ImportError: no module named 'gone'",
    ),
    "exit": (raises(SystemExit(3)), "SystemExit: 3"),
    "silent": (raises(RuntimeError()), "RuntimeError: "),
    "no hook": (SimpleNamespace, "PluginError: it announces nothing"),
    "unmarked": (
        lambda: SimpleNamespace(srkit_components=lambda: [generator()]),
        "PluginError: it announces nothing",
    ),
    "empty": (module(lambda: []), "PluginError: it announces nothing"),
    "none": (module(lambda: None), "PluginError: it announces nothing"),
    "no list": (module(lambda: 3), "TypeError: 'int' object is not iterable"),
    "no spec": (
        module(lambda: [generator(), "rrdb"]),
        "PluginError: it announces 'rrdb', which is not a spec",
    ),
    "twice": (
        module(lambda: [generator(), generator()]),
        "PluginError: generator 'rrdb': it is announced twice",
    ),
    "weights twice": (
        module(lambda: [weights(), weights()]),
        "PluginError: weights 'net-x4': it is announced twice",
    ),
    "future": (
        module(lambda: [generator(interface=2)]),
        "PluginError: generator 'rrdb': it was written for interface 2 of a generator, this srkit "
        "takes 1: a newer srkit is needed",
    ),
    "name": (
        module(lambda: [generator("a b")]),
        "PluginError: generator 'a b': its name may hold letters, digits, '-' and '_' only",
    ),
    "slash": (
        module(lambda: [generator("x/y")]),
        "PluginError: generator 'x/y': its name may hold letters, digits, '-' and '_' only",
    ),
    "distribution": (
        lambda: pytest.fail("it was imported"),
        "PluginError: the distribution '2x' has a name that expressions cannot hold: a letter "
        "first, then letters, digits and '-'",
    ),
    "signature": (
        module(lambda: [generator(factory=lambda n=1: None)]),
        "PluginError: generator 'rrdb': parameter 'n' of its factory is not keyword-only",
    ),
    "factory": (
        module(lambda: [generator(factory=3)]),
        "PluginError: generator 'rrdb': factory must be a function, not 3",
    ),
    "several": (
        module(lambda: [generator(scales="24", trainable="yes"), loss("a b")]),
        "PluginError: generator 'rrdb': scales must be a tuple, each item a whole number, not '24' "
        "(and 2 more: srkit doctor)",
    ),
    "capitals": (
        module(lambda: [generator("Net"), generator("net")]),
        "PluginError: generator 'net': it is announced twice",
    ),
    "arguments": (
        module(lambda config: [generator()]),
        "PluginError: Argument(s) {'config'} are declared in the hookimpl but can not be found in "
        "the hookspec",
    ),
    "fails": (module(lambda: 1 / 0), "ZeroDivisionError: division by zero"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_plugin_is_a_problem_and_nobody_else_notices(plugin, case):
    load, error = BROKEN[case]
    home = "2x" if case == "distribution" else "srkit-bad"
    registry = discover(
        [
            plugin(name="bad", distribution=home, version="2.1", load=load),
            plugin(generator("good")),
        ]
    )
    (problem,) = registry.problems
    assert [component.name for component in registry.components] == ["good"]
    assert (problem.plugin, problem.distribution, problem.version) == ("bad", home, "2.1")
    assert problem.error == error
    assert problem.traceback.startswith("Traceback")


def test_all_faults_of_a_plugin_are_in_one_report(plugin):
    unsound = generator(scales=(), trainable="yes")
    (problem,) = discover([plugin(unsound, loss("a b"), weights("../x"))]).problems
    assert problem.faults == (
        "generator 'rrdb': scales must be of 1 item or more, not ()",
        "generator 'rrdb': trainable must be true or false, not 'yes'",
        "loss 'a b': its name may hold letters, digits, '-' and '_' only",
        "weights '../x': its name may hold letters, digits, '.', '-' and '_' only",
    )
    assert all(fault in problem.traceback for fault in problem.faults)


def test_what_a_plugin_prints_is_kept_and_named(plugin, capsys):
    def load():
        sys.stdout.write("hello\n" * 1000)
        return plugin(generator()).load()

    registry = discover([plugin(load=load), plugin(loss(), distribution="quiet")])
    assert capsys.readouterr().out == ""
    assert [one.distribution for one in registry.loud] == ["srkit-fake"]
    assert registry.loud[0].printed == ("hello\n" * 1000)[:300]
    assert registry.find("generator", "rrdb").distribution == "srkit-fake"


def test_what_metadata_call_a_plugin_is_bounded(plugin):
    (problem,) = discover(
        [plugin(name="x" * 999, distribution="\x1b[2J", version="9" * 999)]
    ).problems
    assert (len(problem.plugin), len(problem.version)) == (100, 100)
    assert "\x1b" not in problem.error


def test_an_unknown_hook_is_a_problem(plugin):
    def srkit_componets():
        return [generator()]

    typo = SimpleNamespace(srkit_componets=hookimpl(srkit_componets))
    (problem,) = discover([plugin(load=lambda: typo)]).problems
    assert "srkit_componets" in problem.error


def test_a_spec_of_no_kind_is_a_problem(plugin):
    (problem,) = discover([plugin(ComponentSpec(name="x", factory=compare, summary="s"))]).problems
    assert "which is not a spec" in problem.error


def test_a_plugin_is_taken_whole_or_not_at_all(plugin):
    registry = discover([plugin(generator("good"), weights(), loss("bad name"))])
    assert (registry.components, registry.weights) == ((), ())
    assert len(registry.problems) == 1


def test_components_are_sorted_and_know_where_they_come_from(plugin):
    registry = discover(
        [
            plugin(loss("z"), generator("b"), distribution="srkit-two"),
            plugin(generator("a"), loss("a"), weights()),
        ]
    )
    assert [(component.kind, component.name) for component in registry.components] == [
        ("generator", "a"),
        ("generator", "b"),
        ("loss", "a"),
        ("loss", "z"),
    ]
    assert registry.find("generator", "b").full_name == "srkit-two/b"
    assert [component.name for component in registry.of_kind("loss")] == ["a", "z"]
    assert registry.versions == {"srkit-fake": "1.0", "srkit-two": "1.0"}
    assert registry.weights == (weights(),)


def test_one_name_may_serve_several_kinds(plugin):
    registry = discover([plugin(generator("vgg"), loss("vgg"))])
    assert [component.kind for component in registry.named("vgg")] == ["generator", "loss"]
    assert [component.kind for component in registry.named("srkit-fake/vgg")] == [
        "generator",
        "loss",
    ]
    assert registry.named("rrdb") == ()
    assert registry.find("loss", "vgg").kind == "loss"


def test_a_clash_is_refused_when_it_is_used_and_only_then(plugin):
    registry = discover([plugin(generator(), distribution=name) for name in ("srkit-b", "srkit-a")])
    assert registry.problems == ()
    with pytest.raises(AmbiguousError) as caught:
        registry.find("generator", "rrdb")
    assert caught.value.candidates == ("srkit-a/rrdb", "srkit-b/rrdb")
    assert registry.find("generator", "srkit-b/rrdb").distribution == "srkit-b"
    assert [component.distribution for component in registry.named("rrdb")] == [
        "srkit-a",
        "srkit-b",
    ]


@pytest.mark.parametrize("spelling", ["srkit_fake.net", "SRKit-Fake_Net", "srkit-fake-net"])
def test_a_distribution_has_one_spelling(plugin, spelling):
    registry = discover([plugin(generator(), distribution=spelling)], limit=["srkit-fake-net"])
    assert registry.find("generator", "srkit-fake-net/rrdb").distribution == "srkit-fake-net"


def test_a_point_without_distribution_is_still_loaded(plugin):
    module = plugin(generator()).load()
    (component,) = discover([SimpleNamespace(name="x", dist=None, load=lambda: module)]).components
    assert component.full_name == "unknown/rrdb"


def test_a_miss_names_the_nearest(plugin):
    with pytest.raises(UnknownComponentError) as caught:
        discover([plugin(generator("rrdb"), generator("srresnet"))]).find("generator", "rddb")
    assert str(caught.value) == "no generator named 'rddb' is installed"
    assert caught.value.nearest == ("rrdb",)
    assert caught.value.hint == "rrdb (srkit list generator shows all)"


def test_a_miss_without_neighbours_names_the_list(plugin):
    with pytest.raises(UnknownComponentError) as caught:
        discover([plugin(loss("quite-different"))]).find("generator", "xyz")
    assert (caught.value.nearest, caught.value.hint) == ((), "srkit list generator --all")


def test_a_miss_names_the_kind_that_has_the_name(plugin):
    with pytest.raises(
        UnknownComponentError,
        match=r"no generator named 'ssim' is installed \(there is a loss of that name\)",
    ):
        discover([plugin(loss("ssim"))]).find("generator", "ssim")


@pytest.mark.parametrize("name", ["rrdb", "srkit-rrdb/rrdb"])
def test_a_miss_that_the_catalogue_knows_names_the_install_line(plugin, name):
    with pytest.raises(UnknownComponentError) as caught:
        discover([plugin(loss())]).find("generator", name)
    assert caught.value.hint == "pip install srkit-rrdb"


@pytest.mark.parametrize(
    ("distribution", "name"),
    [
        ("srkit-rrdb", "rrdb"),
        ("srkit_rrdb", "rrdb"),
        ("srkit-rrdb", "srkit-rrdb/rrdb"),
        ("srkit-unlisted", "srkit-unlisted/net"),
    ],
)
def test_a_miss_that_a_broken_plugin_would_provide_names_the_plugin(plugin, distribution, name):
    registry = discover([plugin(distribution=distribution, load=raises(ImportError("gone")))])
    with pytest.raises(PluginError, match="which is broken: ImportError: gone") as caught:
        registry.find("generator", name)
    assert caught.value.hint == "srkit doctor"


@pytest.fixture
def three(plugin):
    return [
        plugin(loss("own"), name="builtin", distribution="srkit"),
        plugin(loss("a"), name="first", distribution="srkit-a"),
        plugin(loss("b"), name="second", distribution="srkit-b"),
    ]


@pytest.mark.parametrize(
    ("value", "names", "absent"),
    [
        (None, ["a", "b", "own"], []),
        ("", ["own"], []),
        (" , ", ["own"], []),
        ("srkit-a", ["a", "own"], []),
        ("second", ["b", "own"], []),
        ("first, srkit-b", ["a", "b", "own"], []),
        ("srkit", ["own"], []),
        ("first,third", ["a", "own"], ["third"]),
    ],
)
def test_the_environment_limits_what_is_loaded(monkeypatch, three, value, names, absent):
    monkeypatch.delenv("SRKIT_PLUGINS", raising=False)
    if value is not None:
        monkeypatch.setenv("SRKIT_PLUGINS", value)
    registry = discover(three)
    assert [component.name for component in registry.components] == names
    assert [problem.plugin for problem in registry.problems] == absent
    assert all("not installed" in problem.error for problem in registry.problems)


def test_what_is_not_wanted_is_not_imported(plugin):
    bomb = plugin(name="bomb", distribution="srkit-bomb", load=raises(AssertionError("imported")))
    assert discover([bomb], limit=()).problems == ()


def test_an_argument_wins_over_the_environment(monkeypatch, three):
    monkeypatch.setenv("SRKIT_PLUGINS", "")
    assert [component.name for component in discover(three, limit=["first"]).components] == [
        "a",
        "own",
    ]


def test_real_entry_points_come_through_the_same_door():
    point = EntryPoint(name="builtin", value="srkit_core.builtin", group="srkit.plugins")
    assert {component.kind for component in discover([point]).components} == {
        "generator",
        "loss",
        "metric",
        "degradation",
    }


def test_built_ins_are_installed_and_sound():
    registry = discover(limit=())
    assert registry.problems == ()
    assert registry.find("degradation", "bicubic").full_name == "srkit/bicubic"


def test_what_is_announced_can_be_a_key():
    registry = discover(limit=())
    every = (*registry.components, *registry.weights, *registry.layouts)
    assert len(set(every)) == len(every)


def test_what_is_announced_again_is_checked_once_and_what_changes_is_checked(plugin, monkeypatch):
    checked, real = [], plugin_loading.check_specs
    monkeypatch.setattr(
        plugin_loading, "check_specs", lambda specs: checked.append(len(specs)) or real(specs)
    )
    one, two = generator("one"), generator("two")
    for specs in ((one,), (generator("one"),), (one, two), (one, two), (generator("no name"),)):
        found = discover([plugin(*specs, name="asked-again")])
    assert checked == [1, 2, 1]
    assert [problem.plugin for problem in found.problems] == ["asked-again"]
