"""In which precision are the pictures of a stage scored?

Half precision takes less time and rounds more. It is taken where scores agree with those of fp32,
which is looked at once, at the first validation of a stage: weights are compared within a stage,
and so never by scores of two precisions.
"""

from collections.abc import Iterator
from dataclasses import replace
from math import isnan
from typing import TYPE_CHECKING, Final

from torch import Tensor

from srkit_core.bf16_units import slow_bf16_note
from srkit_core.devices import Precision, dtype_of, scoring_precision
from srkit_core.engine.checkpoints.checkpoint import Progress
from srkit_core.engine.scored_sets import ScoredSet
from srkit_core.errors import NotFiniteError
from srkit_core.evaluation.exact_floats import exact_floats
from srkit_core.evaluation.scoring import Pair, score
from srkit_core.models.model import Model
from srkit_core.specs import MetricSpec
from srkit_core.upscaling.tensor_tiles import upscale_tiled

if TYPE_CHECKING:
    from srkit_core.engine.stage_run import StageRun

_CHECKED: Final = 4
"""So many pictures of each set are scored in both precisions."""
_DB: Final = 0.01
"""By so many dB scores may differ: less than the last digit that papers tell."""
_SHARE: Final = 10 ** (_DB / 10) - 1
"""By this share of itself any other score may differ: 0.01 dB are as much of a mean squared
error, 0.23 %.
"""
_LEVELS: Final = 1 / 8
"""By so many levels of 8 bit (root mean square) SR may differ, which costs 0.01 dB at 40 dB.

Scores of a network that has learnt little would hide how it rounds, and it is to be better later:
what costs 0.01 dB at 30 dB costs 0.1 dB at 40 dB.
"""


def with_scoring_precision(run: "StageRun") -> Progress:
    """Return the progress of a stage with the precision in which its pictures are scored; it is
    chosen, and said, at the first validation, and kept.
    """
    if run.progress.scored_in:
        return run.progress
    chosen, why = _chosen(run)
    if why:
        run.context.callbacks.on_note(f"validation computes in {chosen}: {why}")
    return replace(run.progress, scored_in=chosen)


def scoring_model(run: "StageRun") -> Model:
    """Return the generator as its pictures are scored."""
    return replace(run.model, precision=dtype_of(run.progress.scored_in or "fp32"))


def _chosen(run: "StageRun") -> tuple[Precision, str]:
    """Return the precision, and why; validations of a srkit that had no choice were in fp32."""
    processes = run.context.processes
    half = scoring_precision(processes.precision, processes.device)
    if half == "fp32" or run.progress.judged:
        return "fp32", ""
    if processes.agree(lambda: slow_bf16_note(half, processes.device)):
        return "fp32", f"{half} is the slower one here"
    differences = _differences(run, half)
    if differences:
        return "fp32", differences[0]
    return half, f"scores of the first pictures are those of fp32, within {_DB} dB"


def _differences(run: "StageRun", half: Precision) -> list[str]:
    """Say in what the first pictures of each set differ from what fp32 makes of them."""
    validator, found = run.context.validator, list[str]()
    halved = replace(run.model, precision=dtype_of(half))
    few = {name: replace(one, scored=one.scored[:_CHECKED]) for name, one in validator.sets.items()}

    def compare(name: str, pair: Pair, sr: Tensor) -> None:
        try:
            other = upscale_tiled(halved, pair.lr, validator.limit.tiling(halved, pair.lr))
        except NotFiniteError:
            found.append(f"{half} makes NaN or infinity of {pair.name}")
        else:
            found.extend(_between(few[name], pair, sr, other, half))

    with exact_floats():
        replace(validator, sets=few, shown=0).scores(run.model, compare)
    return run.context.processes.collect(found)


def _between(
    judged: ScoredSet, pair: Pair, sr: Tensor, other: Tensor, half: Precision
) -> Iterator[str]:
    """Say in what one picture, SR in fp32 and in half precision, differs by more than it may."""
    levels = 255 * _distance(sr, other)
    if levels > _LEVELS:
        much = f"{levels:.2g} levels of 8 bit, more than {_LEVELS}"
        yield f"SR of {pair.name} in {half} is off by {much}"
    by, metrics = judged.scoring.protocol, judged.scoring.metrics
    exact, rounded = (score(one, pair.hr, by, metrics) for one in (sr, other))
    for metric in metrics:
        if metric.label in exact:
            both = exact[metric.label], rounded[metric.label]
            if not is_same_score(*both, metric.spec):
                told = f"{both[1]:.6g} in {half} and {both[0]:.6g} in fp32"
                yield f"{metric.label} of {pair.name} is {told}"


def _distance(sr: Tensor, other: Tensor) -> float:
    """Return the root of the mean squared difference of two pictures (1, 3, H, W) in [0, 1]."""
    difference = sr.clamp(0, 1) - other.clamp(0, 1)
    return float(difference.square().mean().sqrt())


def is_same_score(exact: float, other: float, spec: MetricSpec) -> bool:
    """Whether two scores of a metric are one for a reader: of a picture that cannot be judged, or
    that was met exactly, both say so.
    """
    if exact == other or (isnan(exact) and isnan(other)):
        return True
    most = _DB if spec.unit == "dB" else _SHARE * abs(exact)
    return abs(exact - other) <= most
