"""Which pictures does validation score, and how those of each set?"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from srkit_core.data.examples import LrMaker
from srkit_core.data.picture import Picture
from srkit_core.evaluation.centre_crops import centre_crops
from srkit_core.evaluation.protocol import Protocol
from srkit_core.evaluation.scoring import BuiltMetric, build_metrics
from srkit_core.metric_binding import MetricTerm
from srkit_core.models.build import build_degradation
from srkit_core.plan import Plan
from srkit_core.validation_binding import SetPlan


@dataclass(frozen=True)
class Scoring:
    """How pictures are scored: by which metrics, of which pixels."""

    protocol: Protocol
    metrics: Sequence[BuiltMetric]


@dataclass(frozen=True)
class ScoredSet:
    """The pictures of a validation set, whole, and how they are scored.

    `margin` are the HR pixels that its LR needs around a patch, `scored` its pictures as metrics
    see them, cut to their centre where the recipe wants that, and `facts` what their scores depend
    on beside a generator.
    """

    pictures: Sequence[Picture]
    scored: Sequence[Picture]
    lr_maker: LrMaker
    margin: int
    scoring: Scoring
    facts: str


def open_scored_sets(
    plan: Plan, pictures: Mapping[str, Sequence[Picture]], lr_maker: LrMaker
) -> tuple[Mapping[str, ScoredSet], Scoring]:
    """Build what scores validation sets, by their names, and what scores others as is usual;
    `lr_maker` is that of training.
    """
    built = dict[str, BuiltMetric]()
    sets = {name: _open_set(plan, name, found, lr_maker, built) for name, found in pictures.items()}
    return sets, _scoring(plan.validation.usual, built)


def fingerprint(sets: Mapping[str, ScoredSet], scale: int) -> str:
    """Return a digest of what scores depend on beside the generator: pictures, LR, protocols and
    metrics.
    """
    facts = repr(({name: one.facts for name, one in sets.items()}, scale))
    return hashlib.sha256(facts.encode()).hexdigest()[:16]


def _open_set(
    plan: Plan,
    name: str,
    pictures: Sequence[Picture],
    usual: LrMaker,
    built: dict[str, BuiltMetric],
) -> ScoredSet:
    scored_by, scale = plan.validation.of(name), plan.recipe.scale
    scoring, maker = _scoring(scored_by, built), usual
    if scored_by.own_lr:
        chain = scored_by.degradation
        maker = LrMaker(build_degradation(chain) if chain else None, usual.target, of_hr=True)
    scored = centre_crops(pictures, scored_by.crop, scale)
    return ScoredSet(
        pictures,
        scored,
        maker,
        plan.margin_of(name),
        scoring,
        _facts(scored, scored_by, scoring.protocol),
    )


def _scoring(plan: SetPlan, built: dict[str, BuiltMetric]) -> Scoring:
    """Return how a set is scored; a metric that two sets have is built once."""
    for term in plan.metrics:
        if _key(term) not in built:
            built[_key(term)] = build_metrics([term])[0]
    protocol = Protocol(plan.protocol, plan.border)
    return Scoring(protocol, [built[_key(term)] for term in plan.metrics])


def _key(term: MetricTerm) -> str:
    return f"{term.label}: {term.bound.expression}"


def _facts(scored: Sequence[Picture], plan: SetPlan, protocol: Protocol) -> str:
    pictures = [(one.name, one.height, one.width, one.limit, one.lr is None) for one in scored]
    metrics = [_key(term) for term in plan.metrics]
    made = str(plan.degradation.chain) if plan.degradation else ""
    return repr((pictures, protocol, metrics, made, plan.own_lr))
