"""Does every schedule give the rates of torch's scheduler, or of its published formula?"""

from math import cos, pi

import pytest
import torch
from torch.optim import lr_scheduler

from srkit_core.interfaces import PastValidation, StepPosition
from srkit_core.registry import discover
from srkit_core.schedule import Schedule
from srkit_core.schedule_binding import bind_schedule, rate_factor

OWN = discover(limit=())
RATE, STEPS = 2e-4, 400


def ours(written, steps=STEPS, per_epoch=10, validations=(), better=()):
    bound = bind_schedule(OWN, Schedule.model_validate(written))
    for step in range(steps):
        seen = tuple(one for one in validations if one.step <= step)
        place = StepPosition(step, steps, step, steps, per_epoch, seen, frozenset(better))
        yield RATE * rate_factor(bound, 0, place)


def torchs(make, steps=STEPS, **options):
    """Return the rates at which torch trains each step."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=RATE)
    scheduler = make(optimizer, **options)
    for _ in range(steps):
        yield optimizer.param_groups[0]["lr"]
        optimizer.step()
        scheduler.step()


def assert_same(one, other, relative=1e-12):
    assert list(one) == pytest.approx(list(other), rel=relative, abs=RATE * 1e-15)


@pytest.mark.parametrize(
    ("written", "make", "options"),
    [
        (
            "cosine(final=0.005)",
            lr_scheduler.CosineAnnealingLR,
            {"T_max": STEPS, "eta_min": 0.005 * RATE},
        ),
        (
            'multistep(milestones=[50, 120, "30 epochs"], gamma=0.5)',
            lr_scheduler.MultiStepLR,
            {"milestones": [50, 120, 300], "gamma": 0.5},
        ),
        ("exponential(gamma=0.99)", lr_scheduler.ExponentialLR, {"gamma": 0.99}),
        (
            'exponential(gamma=0.7, every="3 epochs", staircase=true)',
            lr_scheduler.StepLR,
            {"step_size": 30, "gamma": 0.7},
        ),
        ("polynomial", lr_scheduler.PolynomialLR, {"total_iters": STEPS}),
        ("polynomial(power=0.9)", lr_scheduler.PolynomialLR, {"total_iters": STEPS, "power": 0.9}),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_the_rates_are_those_of_torch(written, make, options):
    assert_same(ours(written), torchs(make, **options))


@pytest.mark.parametrize("three_phase", [False, True])
@pytest.mark.parametrize("strategy", ["cos", "linear"])
@pytest.mark.parametrize("start", [0.0, 0.25, 0.3, 0.44])
def test_one_cycle_has_the_rates_of_torch(strategy, start, three_phase):
    options = {
        "pct_start": start,
        "anneal_strategy": strategy,
        "three_phase": three_phase,
        "div_factor": 10.0,
        "final_div_factor": 50.0,
    }
    theirs = torchs(lr_scheduler.OneCycleLR, max_lr=RATE, total_steps=STEPS, **options)
    assert_same(ours({"name": "one-cycle"} | options), theirs)


def test_one_cycle_has_torchs_defaults_and_any_length():
    for steps in (1, 2, 3, 7):
        rates = list(ours("one-cycle", steps))
        assert rates[-1] == pytest.approx(RATE / 25 / 1e4, rel=1e-12)
        assert all(0 < rate <= RATE for rate in rates)
    made = torchs(lr_scheduler.OneCycleLR, max_lr=RATE, total_steps=STEPS)
    assert_same(ours("one-cycle"), made)
    assert max(ours("one-cycle(pct_start=0.5)", 10)) == RATE


def restarted(step, periods, weights, eta_min):
    """BasicSR's CosineAnnealingRestartLR as its documentation describes it: a period ends with
    its last iteration, and the next begins after it.
    """
    ends = [sum(periods[: number + 1]) for number in range(len(periods))]
    number = next(number for number, end in enumerate(ends) if step <= end)
    begun = 0 if number == 0 else ends[number - 1]
    fallen = 1 + cos(pi * (step - begun) / periods[number])
    return eta_min + weights[number] * 0.5 * (RATE - eta_min) * fallen


@pytest.mark.parametrize(
    ("periods", "weights"),
    [([100, 100, 100, 100], [1, 1, 1, 1]), ([50, 150, 200], [1, 0.5, 0.25]), ([400], [1])],
)
def test_cosine_restarts_as_basicsr_does(periods, weights):
    written = {"name": "cosine", "periods": periods, "restart_weights": weights, "final": 0.0005}
    expected = (restarted(step, periods, weights, 0.0005 * RATE) for step in range(STEPS))
    assert_same(ours(written), expected)


def test_periods_may_be_epochs_and_the_rate_stays_at_the_end_after_them():
    steps, epochs = (
        list(ours({"name": "cosine", "periods": periods, "final": 0.25}))
        for periods in ([100, 200], ["10 epochs", "20 epochs"])
    )
    assert steps == epochs
    assert steps[300:] == [0.25 * RATE] * 100
    assert steps[100] == pytest.approx(0.25 * RATE, rel=1e-12)
    assert steps[101] == pytest.approx(RATE * (0.25 + 0.75 * (1 + cos(pi / 200)) / 2), rel=1e-12)


def noisy(count, seed):
    """Return figures that improve at first, and then only now and then."""
    draws = torch.rand(count, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return [1 / (1 + number) + 0.3 * draw for number, draw in enumerate(draws.tolist())]


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"factor": 0.5, "patience": 0, "threshold": 0.0},
        {"factor": 0.5, "patience": 2, "cooldown": 3},
        {"factor": 0.7, "patience": 1, "threshold": 0.05, "threshold_mode": "abs"},
        {"factor": 0.3, "patience": 1, "min_lr": 0.02 * RATE, "threshold": 0.01},
    ],
    ids=str,
)
@pytest.mark.parametrize("mode", ["min", "max"])
def test_plateau_has_the_rates_of_torch(mode, options, seed):
    """Validated every 5 steps; of PSNR the higher figure is the better one."""
    figures = [value if mode == "min" else 2 - value for value in noisy(STEPS // 5, seed)]
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=RATE)
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, mode=mode, eps=0.0, **options)
    expected = []
    for figure in figures:
        expected += [optimizer.param_groups[0]["lr"]] * 5
        scheduler.step(figure)
    label = "psnr" if mode == "max" else "loss"
    written = {"final" if name == "min_lr" else name: value for name, value in options.items()}
    written |= {"final": written["final"] / RATE} if "final" in written else {}
    validations = [
        PastValidation(5 * number, {label: figure, "other": -figure}, "all")
        for number, figure in enumerate(figures, start=1)
    ]
    found = list(
        ours({"name": "plateau", "on": label} | written, validations=validations, better=["psnr"])
    )
    assert_same(found, expected)
    assert len(set(expected)) > (2 if options else 1)


def test_plateau_compares_figures_of_the_same_pictures_alone():
    """The rate stays reduced, and the first figure of other pictures is the best one."""

    def rates(*figures):
        seen = [
            PastValidation(number, {"loss": value} if value else {}, judges)
            for number, (value, judges) in enumerate(figures, start=1)
        ]
        found = ours("plateau(patience=1, factor=0.5)", len(seen) + 1, validations=seen)
        return [round(rate / RATE, 9) for rate in found]

    same = [(1.0, "a"), (1.1, "a"), (1.2, "a"), (1.3, "a"), (1.4, "a")]
    assert rates(*same) == [1, 1, 1, 0.5, 0.5, 0.25]
    assert rates(*same[:3], (5.0, "b"), (5.1, "b"), (5.2, "b")) == [1, 1, 1, 0.5, 0.5, 0.5, 0.25]
    assert rates((1.0, "a"), (None, "a"), (1.2, "a"), (None, "a")) == [1, 1, 1, 1, 1]


def test_a_rate_rises_first_whatever_the_schedule():
    bound = bind_schedule(OWN, Schedule.model_validate("polynomial"))
    places = [StepPosition(step, 10, step, 10, 5) for step in range(10)]
    rates = [rate_factor(bound, 4, place) for place in places]
    expected = [min((step + 1) / 4, 1) * (1 - step / 10) for step in range(10)]
    assert rates == pytest.approx(expected, rel=1e-12)
