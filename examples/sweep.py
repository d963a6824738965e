"""Train a recipe with several learning rates, hear of each validation, and take the best."""

from srkit_core import Callback, Recipe, RunOptions, Stage, ValidationEvent, train


class Validations(Callback):
    """Collects the PSNR of every validation by step."""

    def __init__(self) -> None:
        self.psnr: dict[int, float] = {}

    def on_validation(self, event: ValidationEvent) -> None:
        self.psnr[event.run_step] = event.scores["psnr"]


def recipe(lr: float) -> Recipe:
    stage = Stage(loss="l1", steps=10, batch=4, patch=32, lr=lr, validate_every=5)
    return Recipe(generator="srvgg(features=8, blocks=1)", scale=2, stages=[stage])


results = {}
for lr in (1e-4, 1e-3):
    heard = Validations()
    run = train(recipe(lr), RunOptions(out=f"runs/lr-{lr:g}"), callbacks=[heard])
    print(lr, heard.psnr)
    results[lr] = run.best("psnr")
best = max(results, key=lambda lr: results[lr].value)
print(f"the best learning rate is {best:g}: {results[best].weights}")
