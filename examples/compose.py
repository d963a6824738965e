"""Compose a recipe in Python, train it, and use what it wrote."""

from pathlib import Path

from srkit_core import Recipe, Stage, discover
from srkit_core.data.bundled_photographs import bundled_photographs
from srkit_core.engine.trainer import train
from srkit_core.evaluation.upscale_file import upscale_file
from srkit_core.models.weights_file import load_model
from srkit_core.run_options import RunOptions

recipe = Recipe(
    generator="srvgg(features=16, blocks=2)",
    discriminator="vgg-sn(features=8)",
    stages=[
        Stage(name="warmup", loss="charbonnier", steps=20, batch=4, patch=64, lr=1e-3),
        Stage(name="main", loss="l1 + 0.005*ragan", steps=5, batch=4, patch=64),
    ],
)
run = train(recipe, RunOptions(data="photos", out=Path("runs/composed")))
model = load_model(run / "weights" / "last.safetensors", discover())
upscale_file(model, bundled_photographs()[0], Path("large.png"))
