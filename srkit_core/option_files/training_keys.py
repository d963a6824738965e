"""What does a key about pictures, networks or training become?"""

import re
import shlex
from typing import Any, Final

from srkit_core.expressions import Call, parse_call
from srkit_core.option_files.sayings import (
    At,
    CannotBeSaid,
    IntoField,
    IntoTerm,
    SaidOtherwise,
    Sayings,
    number,
    whole,
)
from srkit_core.torch_optimizers import optimizer_names, optimizer_options

_MODELS: Final = {
    "SRModel": "no stage is adversarial",
    "SwinIRModel": "no stage is adversarial",
    "SRGANModel": "the adversarial loss is `gan`",
    "ESRGANModel": "the adversarial loss is `ragan(detach=true)`",
}
"""Kinds of models by what they say of a recipe."""


def run_name(value: Any) -> str:
    """Return a name that a run folder can have."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", str(value)).lstrip("._-") or "run"


def model_type(at: At) -> Sayings:
    """Say what a kind of model means here."""
    how = _MODELS.get(str(at.value))
    if how:
        return SaidOtherwise(how.replace("`", ""))
    return CannotBeSaid(f"srkit has nothing that trains as {at.value} does")


def processes(at: At) -> int:
    """Return how many processes train, 1 where they are counted when it begins."""
    told = at.options.get("num_gpu", 1)
    return max(1, whole(told)) if isinstance(told, (int, float)) else 1


def batch(at: At) -> Sayings:
    """Return the crops of one optimizer step, over processes and accumulation."""
    each = whole(at.options.get("datasets.train.batch_size_per_gpu", 1))
    parts = whole(at.options.get("datasets.train.accum_iter", 1))
    note = ""
    if at.options.get("num_gpu") == "auto":
        note = "of one GPU: multiply it by how many you have"
    return IntoField("stages.batch", each * parts * processes(at), note)


def num_gpu(at: At) -> Sayings:
    """Say on how many devices to train."""
    if at.value == 0:
        return SaidOtherwise("say --device cpu", ("--device", "cpu"))
    if at.options.get("datasets.train.batch_size_per_gpu") is None:
        return SaidOtherwise("torchrun says how many processes train")
    return batch(At(at.leaf, at.options))


def data_words(at: At) -> str:
    """Return what --data says: folders, or the pictures of a list in a folder."""
    roots = places(at.options.get("datasets.train.dataroot_gt", ""))
    listed = at.options.get("datasets.train.meta_info") or at.options.get(
        "datasets.train.meta_info_file"
    )
    if listed:
        roots = [f"{listed} in {root}" for root in roots]
    return " + ".join(roots)


def training_pictures(at: At) -> SaidOtherwise:
    """Say which HR pictures train."""
    return SaidOtherwise("say --data", ("--data", data_words(at)))


def training_list(_: At) -> SaidOtherwise:
    """Say which of a folder's pictures train."""
    return SaidOtherwise("a part of --data: LIST in FOLDER")


def training_lr(at: At) -> Sayings:
    """Say where LR lies."""
    if not is_paired(at):
        return CannotBeSaid("LR is made from HR in this file")
    return SaidOtherwise("say --lq", ("--lq", " + ".join(places(at.value))))


def places(value: Any) -> list[str]:
    """Return one or several folders as a list."""
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


_PAIRED: Final = ("pairedimagedataset", "realesrganpaireddataset", "paired")
_SYNTHETIC: Final = ("realesrgandataset", "otf")


def is_paired(at: At) -> bool:
    """Whether LR of the training pictures comes from disk."""
    return str(at.options.get("datasets.train.type", "")).lower() in _PAIRED


def is_resized(at: At) -> bool:
    """Whether LR is HR made smaller, as traiNNer-redux's `SingleGtDataset` asks for."""
    return str(at.options.get("datasets.train.type", "")).lower() == "singlegtdataset"


def dataset_type(at: At) -> Sayings:
    """Say how LR comes about."""
    there = str(at.value).lower()
    if there in _PAIRED:
        return IntoTerm("degradation", "degradation", "", parse_call("paired"))
    if there in _SYNTHETIC:
        return IntoTerm("degradation", "degradation", "", parse_call("realesrgan"))
    return CannotBeSaid(f"srkit has no pictures of the kind {at.value}")


def io_backend(at: At) -> Sayings:
    """Say how pictures are read."""
    if at.value == "disk":
        return SaidOtherwise("files are read from where --data and --val say")
    if at.value == "lmdb":
        return SaidOtherwise("train on the folders the LMDB was made of, or srkit prepare it")
    return CannotBeSaid(f"pictures do not come by {at.value} here")


def augment(at: At) -> Sayings:
    """Say how crops are mirrored and turned."""
    if not at.value:
        return IntoTerm("stages.augment", at.name, "=")
    word = {"use_hflip": "flip", "use_rot": "turn"}[at.name]
    return IntoTerm("stages.augment", at.name, "", parse_call(word))


def file_names(at: At) -> Sayings:
    """Say how LR files of the training pictures are called."""
    if not is_paired(at):
        return SaidOtherwise("LR is made from HR, and has no files")
    return IntoField("data.lr_names.train", str(at.value))


def rate(at: At) -> Sayings:
    """Return the learning rate: of the stage, or of the discriminator where it differs."""
    own = number(at.value)
    if at.parent.endswith("_g") or own == number(at.options.get("train.optim_g.lr", 0)):
        return IntoField("stages.lr", own)
    return IntoField("stages.optimizer.discriminator.lr", own)


def optimizer_option(at: At) -> Sayings:
    """Return an option of one network's optimizer, where torch has that optimizer."""
    network = "generator" if at.parent.endswith("_g") else "discriminator"
    there = str(at.beside("type", "Adam"))
    named = {name.lower(): name for name in optimizer_names()}
    name = named.get(there.lower(), "" if named else there)
    if not name:
        told = f"torch has no optimizer {there}; srkit list optimizer shows those of plugins"
        return CannotBeSaid(told if at.name == "type" else f"belongs to {there}")
    if at.name == "type":
        return IntoField(f"stages.optimizer.{network}.name", name)
    if at.name not in (optimizer_options(name) or (at.name,)):
        return CannotBeSaid(f"torch's {name} has no such option")
    return IntoField(f"stages.optimizer.{network}.{at.name}", at.value)


def warm_up(at: At) -> Sayings:
    """Return how long the rate rises."""
    return IntoField("stages.lr_warmup", max(0, whole(at.value)))


def average(at: At) -> Sayings:
    """Return the decay of the moving average."""
    if not 0 < number(at.value) < 1:
        return SaidOtherwise("there is no moving average: ema is left out")
    return IntoField("stages.ema", number(at.value))


def every(at: At) -> Sayings:
    """Return in which steps the generator is updated."""
    return IntoField("stages.generator_every", whole(at.value)) if at.value > 1 else _always()


def frozen(at: At) -> Sayings:
    """Return how long the discriminator trains alone."""
    note = "the moving average stays too, where BasicSR moves it in every iteration"
    return IntoField("stages.freeze", whole(at.value), note) if at.value > 0 else _always()


def _always() -> SaidOtherwise:
    return SaidOtherwise("both networks are updated in every step")


_IMPORTED: Final = "net_g.safetensors"


def first_weights(at: At) -> SaidOtherwise:
    """Say which weights the generator begins with."""
    if at.beside("param_key_g", "params_ema") == "params_ema":
        told = "say --init, which takes the moving average where a file has one"
        return SaidOtherwise(told, ("--init", str(at.value)))
    return SaidOtherwise("say --init, after the import", ("--init", _IMPORTED))


def strict(at: At) -> SaidOtherwise:
    """Say what happens to weights that do not fit: `--init-partial` is of both networks."""
    if at.value or at.beside(at.name.replace("strict_load", "pretrain_network")) is None:
        return SaidOtherwise("weights that do not fit are refused")
    return SaidOtherwise("say --init-partial, which takes what fits", ("--init-partial",))


def table_of_weights(at: At) -> SaidOtherwise:
    """Say which table of a weights file is taken."""
    file = at.beside("pretrain_network_g")
    if at.value == "params_ema" or file is None:
        return SaidOtherwise("the moving average is taken where a file has one")
    words = ["weights", "import", str(file), "--key", str(at.value), "--out", _IMPORTED]
    told = "say srkit weights import --key, for another table than the moving average"
    return SaidOtherwise(told, first=shlex.join(["srkit", *words]))


def wandb(at: At) -> SaidOtherwise:
    """Say how a project of Weights & Biases hears of the run."""
    tracker = str(Call("wandb", (("project", str(at.value)),)))
    return SaidOtherwise("say --track", ("--track", tracker))
