"""Which losses, metrics and degradations are small and sound, to be broken in one way each?"""

from mutants.machinery import REFUSED, Mutant, held

from srkit_core.specs import DegradationSpec, LossSpec, MetricSpec
from srkit_core.testing import (
    AdversarialLossContract,
    DegradationContract,
    MetricContract,
    ReferenceLossContract,
)


def each(error):
    """Return the mean over channels and positions, (B,)."""
    return error.flatten(1).mean(1)


def l1(sr, hr):
    """Mean absolute difference: a loss that keeps every check."""
    return (sr - hr).abs().mean()


def lengths(pictures):
    """Return the lengths of the gradients of summed colours, which are those of a negative too."""
    total = pictures.sum(1, keepdim=True)
    across, down = total - total.roll(1, -1), total - total.roll(1, -2)
    return (across.square() + down.square() + 1e-6).sqrt()


def broken_loss(name, call, caught_by, says, *, traits=None, **more):
    """Return the row of a reference loss that is broken in one way; `call` is the loss."""
    return of_factory(name, lambda: call, caught_by, says, traits=traits, **more)


def of_factory(name, make, caught_by, says, *, traits=None, **more):
    """Return the row of a reference loss that `make()` builds."""
    spec = loss_spec(make, **(traits or {}))
    return row(name, held(ReferenceLossContract, spec), caught_by, says, **more)


def loss_spec(make, **traits):
    """Return the spec of a loss that `make()` builds."""

    def made():
        """Compare pictures."""
        return make()

    return LossSpec(name="made", factory=made, summary="for this test", **traits)


def broken_game(name, make, caught_by, says, *, traits=None, **more):
    """Return the row of an adversarial loss that `make()` builds."""
    spec = loss_spec(make, **({"adversarial": True} | (traits or {})))
    return row(name, held(AdversarialLossContract, spec), caught_by, says, **more)


def broken_metric(name, call, caught_by, says, *, traits=None, **more):
    """Return the row of a metric that is broken in one way; `call` is the metric."""
    return metric_of_factory(name, lambda: call, caught_by, says, traits=traits, **more)


def metric_of_factory(name, make, caught_by, says, *, traits=None, **more):
    """Return the row of a metric that `make()` builds."""
    spec = metric_spec(make, **(traits or {}))
    return row(name, held(MetricContract, spec), caught_by, says, **more)


def metric_spec(make, **traits):
    """Return the spec of a metric that `make()` builds, less being better."""

    def made():
        """Score pictures."""
        return make()

    usual = {"higher_is_better": False}
    return MetricSpec(name="made", factory=made, summary="for this test", **(usual | traits))


def broken_degradation(name, factory, caught_by, says, *, traits=None, expression="made", **more):
    """Return the row of a degradation; `factory` takes its options."""
    spec = degradation_spec(factory, **(traits or {}))
    contract = held(DegradationContract, spec, expression=expression)
    return row(name, contract, caught_by, says, **more)


def degradation_spec(factory, **traits):
    """Return the spec of a degradation; `factory` takes its options."""
    if not factory.__doc__:
        factory.__doc__ = "Degrade pictures."
    return DegradationSpec(name="made", factory=factory, summary="for this test", **traits)


def row(name, contract, caught_by, says, **more):
    """Return a row; a mutant that escapes has neither check nor text."""
    check = f"test_{caught_by}" if caught_by not in ("", REFUSED) else caught_by
    return Mutant(name=name, held=contract, caught_by=check, says=says, **more)
