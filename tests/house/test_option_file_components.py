"""Is what the tables of option files name installed, with the options that they name?"""

import inspect

import pytest

from srkit_core.binding import bind
from srkit_core.expressions import parse_call
from srkit_core.option_files.losses_of_others import ARTIFACTS, BASICSR_LOSSES, GAN_KINDS
from srkit_core.option_files.neosr import NEOSR_DISCRIMINATORS, NEOSR_GENERATORS, NEOSR_LOSSES
from srkit_core.option_files.networks_of_others import DISCRIMINATORS, GENERATORS
from srkit_core.option_files.real_esrgan import KNOBS
from srkit_core.option_files.sayings import At, IntoField, Leaf, Options
from srkit_core.option_files.schedules_of_others import KNOWN_SCHEDULES, part_of_schedule
from srkit_core.option_files.trainner_redux import REDUX_GENERATORS, REDUX_LOSSES
from srkit_core.registry import discover
from srkit_core.specs import DegradationSpec, ScheduleSpec

COMMON = {"target"}
CONTEXT = {"scale": 4, "patch": 128}
TABLES = {
    "generator": [GENERATORS, REDUX_GENERATORS, NEOSR_GENERATORS],
    "discriminator": [DISCRIMINATORS, NEOSR_DISCRIMINATORS],
    "loss": [BASICSR_LOSSES, REDUX_LOSSES, NEOSR_LOSSES, {"ldl": ARTIFACTS}],
}
PARTS = [
    (kind, name, one)
    for kind, tables in TABLES.items()
    for table in tables
    for name, one in table.items()
]


def options_named(counterpart):
    """Options that the table names: renamed ones, and those that its sentences quote."""
    for way in counterpart.options.values():
        if isinstance(way, (str, tuple)):
            yield way if isinstance(way, str) else way[0]


@pytest.mark.parametrize(("kind", "name", "counterpart"), PARTS, ids=lambda one: str(one)[:30])
def test_a_counterpart_is_installed_with_its_options(kind, name, counterpart):
    call = parse_call(counterpart.here)
    bound = bind(discover(), kind, call, CONTEXT)
    known = {*inspect.signature(bound.component.spec.factory).parameters, *COMMON}
    assert set(options_named(counterpart)) - known == set()


def test_adversarial_losses_are_installed():
    calls = {"ragan(detach=true)", *GAN_KINDS.values()}
    names = {str(bind(discover(), "loss", parse_call(call), CONTEXT).component) for call in calls}
    assert len(names) == len(calls)


def test_numbers_of_the_degradation_are_options_of_realesrgan():
    spec = discover().one(DegradationSpec, "realesrgan").spec
    known = set(inspect.signature(spec.factory).parameters)
    assert {knob.option for knob in KNOBS if knob.option} - known == set()


LISTS = ("milestones", "restarts", "periods", "restart_weights", "eta_mins")


def test_schedules_are_installed_with_their_options():
    for there, one in KNOWN_SCHEDULES.items():
        for name in ("type", *one.options):
            leaf = Leaf(f"train.scheduler.{name}", [0] if name in LISTS else 1)
            options = Options([Leaf("train.scheduler.type", there), leaf])
            said = part_of_schedule(At(leaf, options))
            for part in said if isinstance(said, list) else [said]:
                if isinstance(part, IntoField):
                    option = part.place.removeprefix("stages.schedule.")
                    spec = discover().one(ScheduleSpec, one.here).spec
                    assert option in {"name", *inspect.signature(spec.factory).parameters}
