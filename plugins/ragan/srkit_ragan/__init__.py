"""Announces the relativistic average adversarial loss."""

from typing import Annotated

from srkit_core.hooks import hookimpl
from srkit_core.interfaces import AdversarialLoss, Between
from srkit_core.specs import LossSpec


def ragan(
    *,
    detach: bool = False,
    real_label: Annotated[float, Between(0.5, 1)] = 1.0,
    fake_label: Annotated[float, Between(0, 0.5)] = 0.0,
) -> AdversarialLoss:
    """Binary cross entropy on how much more real one side looks than the other does on average.

    Args:
        detach: whether the discriminator's gradient leaves out the averages, as BasicSR's
            ESRGANModel trains it: two backward passes, one for real logits and one for fake ones,
            each with the other side's logits detached. The losses have the same values either way,
            and the generator's has the same gradient.
        real_label: what the discriminator takes for the probability that real pictures look more
            real; less than 1 is label smoothing. The generator's labels stay 1 and 0.
        fake_label: what it takes for that of fake pictures.
    """
    from srkit_ragan.loss import RelativisticAverage

    return RelativisticAverage(detach=detach, real_label=real_label, fake_label=fake_label)


@hookimpl
def srkit_components() -> list[LossSpec]:
    """Announce `ragan`."""
    return [
        LossSpec(
            name="ragan",
            factory=ragan,
            summary="relativistic average adversarial loss (ESRGAN)",
            source="Jolicoeur-Martineau 2019, eq. 7; Wang et al. 2018 (ESRGAN), eq. 1 and 2, "
            "halved as in its code; weight: section 4.1; detach: the training code of BasicSR 1.4",
            adversarial=True,
            default_weight=0.005,
            unseen_options={"detach": "it changes a gradient, and no value"},
        )
    ]
