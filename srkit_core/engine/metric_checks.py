"""Can the metrics of a run judge what it will show them?"""

from srkit_core.engine.run_context import RunContext
from srkit_core.errors import RecipeError
from srkit_core.evaluation.metric_sizes import check_metric_sizes, too_small


def check_metrics(context: RunContext) -> None:
    """Refuse pictures that a metric could not judge, before the first step rather than after it."""
    protocol, metrics = context.validator.protocol, context.plan.metrics
    for pictures in context.data.validation.values():
        check_metric_sizes(pictures, context.recipe.scale, protocol, metrics)
    if not context.recipe.validation.on_training:
        return
    for stage in (one.stage for one in context.plan.stages):
        fault = too_small((stage.patch, stage.patch), protocol, metrics)
        if fault:
            fact = f"the patch of stage '{stage.name}' {fault}"
            raise RecipeError(fact, hint="a larger --patch, or --set validation.on_training=false")
