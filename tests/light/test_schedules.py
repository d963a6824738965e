"""Are schedules found by name and checked without torch, and are recipes of before still read?"""

import pytest

from srkit_core.errors import AmbiguousError, OptionError, PluginError, UnknownComponentError
from srkit_core.interfaces import RateFactor, StepPosition
from srkit_core.recipe import recipe_from_toml
from srkit_core.registry import discover
from srkit_core.schedule import Schedule
from srkit_core.schedule_binding import bind_schedule, is_steady, rate_factor
from srkit_core.specs import ScheduleSpec

OWN = discover(limit=())


def onecycle(*, peak: float = 10.0, at: float = 0.25) -> RateFactor:
    """Rise to a peak and fall to 0.

    Args:
        peak: The largest factor.
        at: Where it is, as a share of the stage.
    """

    def factor(position: StepPosition) -> float:
        done = position.step / position.length
        return peak * min(done / at, (1 - done) / (1 - at))

    return factor


def failing(*, n: int = 1) -> RateFactor:
    raise RuntimeError(f"no {n}")


def a_number(*, n: int = 1) -> RateFactor:
    return n


def negative(*, n: float = -1.0) -> RateFactor:
    return lambda position: n


def dividing(*, n: float = 0.0) -> RateFactor:
    return lambda position: 1 / n


def registry(factory=onecycle, **about):
    return OWN.with_components(
        ScheduleSpec(name="onecycle", factory=factory, summary="a schedule"), **about
    )


def at(step):
    return StepPosition(step, 8, step, 8, 4)


@pytest.mark.parametrize(
    "written",
    ["onecycle(peak=4)", {"name": "onecycle", "peak": 4}, {"name": "local/onecycle", "peak": 4.0}],
    ids=str,
)
def test_one_of_a_plugin_is_asked_for_by_name_with_its_options(written):
    bound = bind_schedule(registry(), Schedule.model_validate(written))
    assert [rate_factor(bound, 0, at(step)) for step in (0, 1, 2, 5, 8)] == [0.0, 2.0, 4.0, 2.0, 0]
    assert bound.written_out.options == {"peak": 4.0, "at": 0.25}
    assert bound.owner == "local/onecycle"


@pytest.mark.parametrize(
    ("written", "error", "message", "hint"),
    [
        ("cos", UnknownComponentError, "no schedule named 'cos' is installed", "did you mean"),
        (
            "zz-real/triangle",
            UnknownComponentError,
            "no schedule named 'zz-real/triangle' is installed: the distribution zz-real is not",
            "pip install zz-real",
        ),
        ("cosin", UnknownComponentError, "no schedule named 'cosin' is installed", "did you mean"),
        ({"nam": "cosine"}, OptionError, "constant has no option 'nam'", "srkit show constant"),
        (
            {"name": "cosine", "final": 1.5},
            OptionError,
            "cosine: option 'final' expects float in 0..1, not 1.5",
            "srkit show cosine",
        ),
        ({"milestones": [5]}, OptionError, "constant has no option 'milestones'", "srkit show"),
        (
            {"name": "cosine", "milestones": [5]},
            OptionError,
            "cosine has no option 'milestones'",
            "srkit show cosine",
        ),
        (
            "multistep",
            OptionError,
            "multistep: option 'milestones' must be given",
            "srkit show multistep",
        ),
        (
            {"name": "multistep", "milestones": []},
            OptionError,
            "multistep: option 'milestones' expects at least one, such as [50000, 80000]",
            "--set 'schedule={",
        ),
        (
            {"name": "multistep", "milestones": [5, "2 weeks"]},
            OptionError,
            "multistep: option 'milestones' expects steps of at least 1, or \"2 epochs\", not "
            "'2 weeks'",
            "--set 'schedule={",
        ),
        (
            {"name": "cosine", "periods": [5, 5], "restart_weights": [1.0]},
            OptionError,
            "cosine: option 'restart_weights' has 1 weights, and there are 2 periods",
            "--set 'schedule={",
        ),
        (
            {"name": "cosine", "restart_weights": [1.0]},
            OptionError,
            "cosine: option 'restart_weights' has 1 weights, and there are 0 periods",
            "--set 'schedule={",
        ),
        (
            {"name": "cosine", "periods": ["a while"]},
            OptionError,
            "cosine: option 'periods' expects steps of at least 1, or \"2 epochs\", not 'a while'",
            "--set 'schedule={",
        ),
        (
            {"name": "exponential", "gamma": 0.5, "every": 0},
            OptionError,
            "exponential: option 'every' expects steps of at least 1, or \"2 epochs\", not 0",
            "--set 'schedule={",
        ),
        (
            {"name": "plateau", "factor": 2},
            OptionError,
            "plateau: option 'factor' expects float in 0..1, not 2",
            "srkit show plateau",
        ),
        (
            {"name": "multistep", "milestones": [0]},
            OptionError,
            "multistep: option 'milestones' expects steps of at least 1, or \"2 epochs\", not 0",
            "--set 'schedule={",
        ),
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused(written, error, message, hint):
    with pytest.raises(error) as caught:
        bind_schedule(OWN, Schedule.model_validate(written))
    assert str(caught.value).startswith(message)
    assert caught.value.hint.startswith(hint)


def test_a_name_that_two_announce_is_refused():
    both = registry().with_components(
        ScheduleSpec(name="onecycle", factory=negative, summary="another"), distribution="zz"
    )
    with pytest.raises(AmbiguousError):
        bind_schedule(both, Schedule(name="onecycle"))
    assert bind_schedule(both, Schedule(name="zz/onecycle")).owner == "zz/onecycle"


@pytest.mark.parametrize(
    ("factory", "fault"),
    [
        (failing, "is not made: RuntimeError: no 1"),
        (a_number, "is a int, not a function of the step"),
        (negative, "gives the factor -1.0 at StepPosition(step=3"),
        (dividing, "fails at StepPosition(step=3, length=8, run_step=3, run_length=8, "),
    ],
)
def test_a_broken_one_is_named(factory, fault):
    with pytest.raises(PluginError) as caught:
        rate_factor(bind_schedule(registry(factory), Schedule(name="onecycle")), 0, at(3))
    assert caught.value.message.startswith(f"schedule 'local/onecycle' {fault}")
    assert bind_schedule(registry(factory), Schedule()).factor(at(3)) == 1.0


def test_recipes_that_were_written_out_before_are_read():
    before = """generator = "net"
    [[stages]]
    loss = "l1"
    steps = 9
    schedule = {SCHEDULE, milestones = [], gamma = 0.5}
    [[stages]]
    name = "two"
    loss = "l1"
    steps = 9
    [stages.schedule]
    name = "multistep"
    over = "stage"
    final = 0.0
    milestones = [5, "2 epochs"]
    gamma = 0.1"""
    for name, options in (("constant", {}), ("cosine", {"over": "run", "final": 0.25})):
        head = f'name = "{name}", over = "run", final = 0.25'
        one, two = recipe_from_toml(before.replace("SCHEDULE", head)).stages
        assert (one.schedule.name, one.schedule.options) == (name, options)
        assert two.schedule.options == {"milestones": (5, "2 epochs"), "gamma": 0.1}
        new = {"periods": (), "restart_weights": ()} if name == "cosine" else {}
        assert bind_schedule(OWN, one.schedule).options == options | new
        assert bind_schedule(OWN, two.schedule).factor(at(8)) == pytest.approx(0.01)


def test_a_schedule_says_by_which_figure_of_validation_it_goes():
    assert bind_schedule(OWN, Schedule(name="plateau")).figure == "loss"
    by_psnr = bind_schedule(OWN, Schedule.model_validate("plateau(on=psnr)"))
    assert (by_psnr.figure, bind_schedule(OWN, Schedule(name="cosine")).figure) == ("psnr", "")
    spec = ScheduleSpec(name="odd", factory=onecycle, summary="odd", figure_option="peak")
    with pytest.raises(PluginError, match="has no option 'peak' that names a figure"):
        bind_schedule(OWN.with_components(spec), Schedule(name="odd"))


@pytest.mark.parametrize(
    ("written", "steady"),
    [
        ("constant", True),
        ("multistep(milestones=[5])", True),
        ("exponential(gamma=0.5)", True),
        ("plateau", True),
        ("cosine(periods=[4, 4])", True),
        ("cosine", False),
        ("cosine(over=run)", False),
        ("polynomial", False),
        ("one-cycle", False),
    ],
)
def test_a_schedule_that_looks_at_the_length_of_its_stage_is_known(written, steady):
    bound = bind_schedule(OWN, Schedule.model_validate(written))
    assert is_steady(bound, (10, 20), before=5, steps_per_epoch=3) is steady
    assert is_steady(bound, (10, 10), before=5, steps_per_epoch=3)
