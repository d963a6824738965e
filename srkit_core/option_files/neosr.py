"""What becomes of the keys of neosr's option files, beside those of Real-ESRGAN?"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from srkit_core.option_files import training_keys as training
from srkit_core.option_files.basicsr import BASICSR
from srkit_core.option_files.losses_of_others import (
    DISTANCE,
    FOCAL,
    LAYERS,
    MEAN,
    WEIGHT,
    gan_options,
)
from srkit_core.option_files.networks_of_others import DISCRIMINATORS, GENERATORS, SCALE
from srkit_core.option_files.other_trainer import OtherTrainer, TrainersDefault
from srkit_core.option_files.real_esrgan import KNOBS, kernel_weights_row, pool
from srkit_core.option_files.sayings import (
    At,
    IntoField,
    SaidOtherwise,
    Sayings,
    whole,
)
from srkit_core.option_files.trainner_redux import REDUX_GENERATORS, mixed_pictures
from srkit_core.option_files.ways import (
    Becomes,
    By,
    Counterpart,
    Never,
    OfType,
    OptionWay,
    Row,
    Same,
    Switch,
)

_WEIGHTED: Final[Mapping[str, OptionWay]] = {"loss_weight": WEIGHT, "reduction": MEAN}

NEOSR_GENERATORS: Final[Mapping[str, Counterpart]] = {
    "esrgan": Counterpart(
        "rrdb(upsampler=nearest)",
        {**GENERATORS["RRDBNet"].options, "upscale": SCALE},
    ),
    "rcan": Counterpart("rcan(rgb_mean=[0.0, 0.0, 0.0])", REDUX_GENERATORS["rcan"].options),
    "compact": Counterpart("srvgg", GENERATORS["SRVGGNetCompact"].options),
}
"""Generators of neosr that are here, by their type."""

NEOSR_DISCRIMINATORS: Final[Mapping[str, Counterpart]] = {
    **DISCRIMINATORS,
    "unet": DISCRIMINATORS["UNetDiscriminatorSN"],
}
"""Discriminators of neosr that are here, by their type."""


def _of_features(at: At) -> Sayings:
    """Return the weight of a distance of features that are multiplied by 0.1 there."""
    factor = {"l1": 0.1, "l2": 0.01}.get(str(at.beside("criterion", "chc")), 1.0)
    return at.part("*", float(f"{float(at.value) * factor:.12g}"))


NEOSR_LOSSES: Final[Mapping[str, Counterpart]] = {
    "l1loss": Counterpart("l1", _WEIGHTED),
    "mseloss": Counterpart("mse", _WEIGHTED),
    "huberloss": Counterpart("huber", {**_WEIGHTED, "delta": "delta"}),
    "mssim_loss": Counterpart(
        "msssim",
        {
            **_WEIGHTED,
            "window_size": "window",
            "sigma": "sigma",
            "padding": Never("windows lie inside the picture"),
        },
    ),
    "ldl_loss": Counterpart(
        "ldl",
        {
            **_WEIGHTED,
            "criterion": Same("ldl is a mean difference", ("l1",)),
            "ksize": "window",
        },
    ),
    "ff_loss": Counterpart("focal-frequency", FOCAL),
    "gan_loss": Counterpart("gan", gan_options({"bce": "gan", "mse": "lsgan(half=neither)"})),
    "vgg_perceptual_loss": Counterpart(
        "vgg(layer=[conv1_2, conv2_2, conv3_4, conv4_4, conv5_4], "
        "layer_weights=[0.1, 0.1, 1.0, 1.0, 1.0])",
        {
            "layer_weights.*": LAYERS,
            "criterion": DISTANCE,
            "vgg_type": "network",
            "use_input_norm": Same("VGG sees what it was trained on", (True,)),
            "range_norm": Same("pictures lie in [0, 1]", (False,)),
            "patchloss": Never("vgg compares whole maps", (False,)),
            "ipk": Never("vgg compares whole maps", (False,)),
            "patch_weight": Same("it belongs to patchloss"),
            "loss_weight": By("the weight in `loss`, for features times 0.1", _of_features),
        },
    ),
}
"""Losses of neosr that are here, by their type."""


def crop_of_lr(at: At) -> Sayings:
    """Return the side of the HR crop, of that of the LR crop."""
    return IntoField("stages.patch", whole(at.value) * whole(at.options.get("scale", 1)))


def neosr_batch(at: At) -> Sayings:
    """Return the crops of one optimizer step."""
    each = whole(at.options.get("datasets.train.batch_size", 1))
    parts = whole(at.options.get("datasets.train.accumulate", 1))
    note = "" if training.processes(at) > 1 else "of one GPU"
    return IntoField("stages.batch", each * parts * training.processes(at), note)


def parts_of_batch(at: At) -> Sayings:
    """Return in how many parts a batch is computed."""
    return IntoField("stages.accumulate", whole(at.value))


def neosr_precision(at: At) -> Sayings:
    """Say in which precision networks compute."""
    half = "bf16" if at.options.get("bfloat16") else "fp16"
    word = half if at.options.get("use_amp") else "fp32"
    return SaidOtherwise(f"say --precision {word}", ("--precision", word))


def neosr_clip(at: At) -> Sayings:
    """Return the largest norm of the gradients, which is 1 there unless it is switched off."""
    if at.value:
        return IntoField("stages.clip", 1.0)
    return SaidOtherwise("gradients are not clipped: clip is left out")


def neosr_mixes(at: At) -> Sayings:
    """Return augmentations that mix pictures, each with its share."""
    return mixed_pictures(at, "datasets.train.augmentation", "datasets.train.aug_prob")


def _knobs() -> list[Row]:
    """Return the numbers of the degradation, which stand in a table of their own there."""
    keys = [[key.rpartition(".")[2] for key in knob.keys] for knob in KNOBS]
    moved = [
        replace(knob, keys=tuple(f"degradations.{key}" for key in names))
        for knob, names in zip(KNOBS, keys, strict=True)
    ]
    return [*(knob.row for knob in moved), kernel_weights_row("degradations.")]


_DIFFERENCES: Final = (
    Row("model_type", Same("the kind of data set says it", ("image", "otf", "default"))),
    Row("use_amp, bfloat16", By("`--precision`", neosr_precision)),
    Row("compile", Switch(("--compile",))),
    Row("fast_matmul", Never("convolutions take TF32 on a GPU, products do not", (False,))),
    Row("deterministic", Same("the seed decides what is drawn, torch how it computes")),
    Row("monitor, print_network", Same("`srkit show` shows a network")),
    *_knobs(),
    Row("datasets.train.patch_size", By("`patch`: times the scale", crop_of_lr)),
    Row("datasets.train.batch_size", By("`batch`, of all GPUs", neosr_batch)),
    Row("datasets.train.accumulate", By("`accumulate`, and it counts in `batch`", parts_of_batch)),
    Row("datasets.train.queue_size", By("`pool`", pool)),
    Row(
        "datasets.train.augmentation, datasets.train.aug_prob",
        By("`augment`: `mixup`, `cutmix`, `cutblur`", neosr_mixes),
    ),
    Row("datasets.val.save_img, val.save_lq", Same("a sheet of pictures is written")),
    Row("network_g.*", OfType("generator", "generator", NEOSR_GENERATORS, "`generator`")),
    Row(
        "network_d.*",
        OfType("discriminator", "discriminator", NEOSR_DISCRIMINATORS, "`discriminator`"),
    ),
    Row("train.ema", By("`ema`", training.average)),
    Row("train.grad_clip", By("`clip = 1.0`", neosr_clip)),
    Row("train.clamp", Never("what a network makes is not clamped", (False,))),
    Row("train.match_lq*", Never("losses compare with HR", (False,))),
    Row(
        "train.wavelet_guided, train.wavelet_init", Never("discriminators see pictures", (False, 0))
    ),
    Row("train.sam, train.sam_init", Never("every step computes one gradient", (False,))),
    Row("train.eco*", Never("pairs stay as they are", (False,))),
    Row("train.*_opt.*", OfType("stages.loss", "loss", NEOSR_LOSSES, "`loss`")),
    Row("logger.total_iter, train.total_iter", Becomes("stages.steps", whole)),
    Row("logger.save_tb_img", Same("trackers get the sheet of pictures")),
    Row("val.tile", Same("pictures are cut into tiles where needed")),
    Row("path", Same("no weights are begun with")),
)

NEOSR: Final = OtherTrainer(
    "neosr",
    (*_DIFFERENCES, *BASICSR.rows),
    (
        TrainersDefault("datasets.train", "queue_size", 180),
        TrainersDefault("train", "grad_clip", True),
        TrainersDefault("datasets.train", "use_hflip", True),
        TrainersDefault("datasets.train", "use_rot", True),
        TrainersDefault("logger", "total_iter", 1_000_000),
        TrainersDefault("val.metrics.*", "crop_border", 4),
        TrainersDefault("val.metrics.*", "test_y_channel", False),
        TrainersDefault("train.gan_opt", "loss_weight", 0.1),
        TrainersDefault("train.gan_opt", "gan_type", "bce"),
        TrainersDefault("train.*_opt", "loss_weight", 1.0),
        TrainersDefault("train.perceptual_opt", "criterion", "chc"),
    ),
)
"""neosr of April 2025."""
