"""What does bicubic interpolation score on the pictures of a run?"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from srkit_core.engine.scored_sets import fingerprint
from srkit_core.engine.validation_watch import watch_scores

if TYPE_CHECKING:
    from srkit_core.engine.stage_run import StageRun


def bicubic_scores(run: "StageRun") -> Mapping[str, Any]:
    """Return what bicubic interpolation scores, measured once for the pictures of the run."""
    validator, known = run.context.validator, run.progress.baseline
    of = fingerprint(validator.sets, run.context.recipe.scale)
    if known.get("of") == of:
        return known
    scores = validator.baseline_scores(watch_scores(run, bicubic=True))
    missing = {column: list(names) for column, names in scores.left_out.items()}
    return {"of": of, "figures": scores.figures, "left_out": missing}
