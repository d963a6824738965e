"""How are mutants made of what a factory without options builds?"""

from mutants.machinery import Mutant, held

from srkit_core.specs import CallbackSpec, OptimizerSpec, ScheduleSpec, TrackerSpec
from srkit_core.testing import (
    CallbackContract,
    OptimizerContract,
    ScheduleContract,
    TrackerContract,
)

CONTRACTS = {
    CallbackSpec: CallbackContract,
    TrackerSpec: TrackerContract,
    ScheduleSpec: ScheduleContract,
    OptimizerSpec: OptimizerContract,
}


def extension(spec_class, make, **fields):
    """Return the maker of the contract of what a function builds."""

    def factory():
        """Build it, for this test."""
        return make()

    usual = {"name": "made", "factory": factory, "summary": "for this test"}
    return held(CONTRACTS[spec_class], spec_class(**(usual | fields)))


def rows(broken):
    """Return mutants by the class of their spec: a name, what makes it, the check that catches it,
    what that says, and what else fails.
    """
    return tuple(
        Mutant(
            name=f"{spec_class.kind}-{name}",
            held=extension(spec_class, make),
            caught_by=check if check.startswith("test_") else f"test_it_{check}",
            says=says,
            also=others,
        )
        for spec_class, mutants in broken.items()
        for name, make, check, says, others in mutants
    )
