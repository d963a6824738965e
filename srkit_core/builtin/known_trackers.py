"""Which trackers come with srkit: those that Accelerate speaks to?"""

from collections.abc import Callable

from srkit_core.interfaces import Tracker
from srkit_core.specs import TrackerSpec

_KEPT_BY = {
    "aim": "Aim",
    "clearml": "ClearML",
    "comet_ml": "Comet",
    "dvclive": "DVCLive",
    "mlflow": "MLflow",
    "swanlab": "SwanLab",
    "tensorboard": "TensorBoard, in the run folder",
    "trackio": "trackio",
    "wandb": "Weights & Biases",
}


def _maker(name: str) -> Callable[[], Tracker]:
    def made() -> Tracker:
        """Speak to a tracker of Accelerate's."""
        from srkit_core.builtin.accelerate_trackers import AccelerateTracker

        return AccelerateTracker(name)

    return made


TRACKERS = tuple(
    TrackerSpec(
        name=name,
        factory=_maker(name),
        summary=f"figures and pictures kept by {keeper}",
        source="Hugging Face Accelerate",
    )
    for name, keeper in _KEPT_BY.items()
)
