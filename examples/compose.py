"""Compose a recipe in Python, train it, and use what it wrote."""

from srkit_core import Recipe, RunOptions, Stage, bundled_photographs, evaluate, train, upscale

recipe = Recipe(
    generator="srvgg(features=16, blocks=2)",
    discriminator="vgg-sn(features=8)",
    stages=[
        Stage(name="warmup", loss="charbonnier", steps=20, batch=4, patch=64, lr=1e-3),
        Stage(name="main", loss="l1 + 0.005*ragan", steps=5, batch=4, patch=64),
    ],
)
run = train(recipe, RunOptions(data="photos", out="runs/composed"))
print(run.history("val")[-1]["psnr"], run.best("psnr", "warmup"))
scores = evaluate({"ours": run.weights, "bicubic": "bicubic"}, "photos", metrics="psnr")
print(scores.mean("psnr", "ours") - scores.mean("psnr", "bicubic"))
upscale(run.weights, bundled_photographs()[0], "large.png")
