"""srkit: a plugin-based toolkit for image super-resolution, as it is used from Python.

Each name is imported when it is first asked for: importing srkit_core imports no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from srkit_core.callbacks import (
        Callback,
        CheckpointEvent,
        PictureScoredEvent,
        RunEndEvent,
        RunStartEvent,
        StageEndEvent,
        StepEvent,
        ValidationEvent,
    )
    from srkit_core.cli.models import known_models
    from srkit_core.cli.progress import ProgressView
    from srkit_core.data.bundled_photographs import bundled_photographs
    from srkit_core.data.preparation.prepare_options import PrepareOptions
    from srkit_core.data.preparation.prepare_pictures import PrepareReport, prepare
    from srkit_core.engine.checkpoints.resume import AtEpoch
    from srkit_core.engine.trainer import train
    from srkit_core.errors import SrkitError
    from srkit_core.evaluation.comparison import compare
    from srkit_core.evaluation.degrade_picture import degrade
    from srkit_core.evaluation.evaluate import evaluate
    from srkit_core.evaluation.scores import ModelScores, Scores
    from srkit_core.export.export_model import ExportedModel, export_model
    from srkit_core.export.export_options import ExportOptions
    from srkit_core.models.find_model import load_model
    from srkit_core.models.model import Model
    from srkit_core.named_recipes import read_recipe
    from srkit_core.plan import Plan
    from srkit_core.recipe import Data, Recipe, Stage
    from srkit_core.registry import Registry, discover
    from srkit_core.run_folder import RunResult
    from srkit_core.run_options import RunOptions
    from srkit_core.upscaling.before_and_after import before_and_after
    from srkit_core.upscaling.upscaler import Upscaler, upscale
    from srkit_core.validation_config import Validation, ValidationSet

    __version__: str

_HOMES: Final = {
    "AtEpoch": "engine.checkpoints.resume",
    "Callback": "callbacks",
    "CheckpointEvent": "callbacks",
    "Data": "recipe",
    "Model": "models.model",
    "ExportOptions": "export.export_options",
    "ExportedModel": "export.export_model",
    "ModelScores": "evaluation.scores",
    "PictureScoredEvent": "callbacks",
    "Plan": "plan",
    "PrepareOptions": "data.preparation.prepare_options",
    "PrepareReport": "data.preparation.prepare_pictures",
    "ProgressView": "cli.progress",
    "Recipe": "recipe",
    "Registry": "registry",
    "RunEndEvent": "callbacks",
    "RunOptions": "run_options",
    "RunResult": "run_folder",
    "RunStartEvent": "callbacks",
    "Scores": "evaluation.scores",
    "SrkitError": "errors",
    "Stage": "recipe",
    "StageEndEvent": "callbacks",
    "StepEvent": "callbacks",
    "Upscaler": "upscaling.upscaler",
    "Validation": "validation_config",
    "ValidationEvent": "callbacks",
    "ValidationSet": "validation_config",
    "before_and_after": "upscaling.before_and_after",
    "bundled_photographs": "data.bundled_photographs",
    "compare": "evaluation.comparison",
    "degrade": "evaluation.degrade_picture",
    "discover": "registry",
    "evaluate": "evaluation.evaluate",
    "export_model": "export.export_model",
    "known_models": "cli.models",
    "load_model": "models.find_model",
    "prepare": "data.preparation.prepare_pictures",
    "read_recipe": "named_recipes",
    "train": "engine.trainer",
    "upscale": "upscaling.upscaler",
}
__all__ = [
    "AtEpoch",
    "Callback",
    "CheckpointEvent",
    "Data",
    "ExportOptions",
    "ExportedModel",
    "Model",
    "ModelScores",
    "PictureScoredEvent",
    "Plan",
    "PrepareOptions",
    "PrepareReport",
    "ProgressView",
    "Recipe",
    "Registry",
    "RunEndEvent",
    "RunOptions",
    "RunResult",
    "RunStartEvent",
    "Scores",
    "SrkitError",
    "Stage",
    "StageEndEvent",
    "StepEvent",
    "Upscaler",
    "Validation",
    "ValidationEvent",
    "ValidationSet",
    "__version__",
    "before_and_after",
    "bundled_photographs",
    "compare",
    "degrade",
    "discover",
    "evaluate",
    "export_model",
    "known_models",
    "load_model",
    "prepare",
    "read_recipe",
    "train",
    "upscale",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("srkit")
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__
