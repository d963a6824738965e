"""What becomes of the keys of traiNNer-redux's option files, beside those of BasicSR?"""

from collections.abc import Mapping
from typing import Final

from srkit_core.expressions import parse_call
from srkit_core.option_files.basicsr import BASICSR
from srkit_core.option_files.losses_of_others import (
    DISTANCE,
    FOCAL,
    GAN,
    LAYERS,
    MEAN,
    PIXEL,
    WEIGHT,
)
from srkit_core.option_files.networks_of_others import GENERATORS, SCALE
from srkit_core.option_files.other_trainer import OtherTrainer, TrainersDefault
from srkit_core.option_files.real_esrgan import REAL_ESRGAN, Knob, interval
from srkit_core.option_files.sayings import (
    At,
    CannotBeSaid,
    IntoField,
    IntoTerm,
    SaidOtherwise,
    Saying,
    Sayings,
    number,
    whole,
)
from srkit_core.option_files.training_keys import dataset_type, is_resized
from srkit_core.option_files.ways import (
    By,
    Counterpart,
    Never,
    OfType,
    OptionWay,
    Row,
    Same,
    Switch,
)

_NO_SHIFT: Final = By(
    "`false`: `rgb_mean=[0, 0, 0]`",
    lambda at: at.part("rgb_mean", (0.4488, 0.4371, 0.404) if at.value else (0.0, 0.0, 0.0)),
)
_ESRGAN: Final[Mapping[str, OptionWay]] = {
    "scale": SCALE,
    "use_pixel_unshuffle": Same("LR is folded at x2 and x1", (True,)),
    "in_nc": Same("networks see RGB", (3,)),
    "out_nc": Same("networks see RGB", (3,)),
    "num_filters": "features",
    "num_blocks": "blocks",
}
_COMPACT: Final = GENERATORS["SRVGGNetCompact"].options
_RCAN: Final[Mapping[str, OptionWay]] = {
    "scale": SCALE,
    "n_resgroups": "groups",
    "n_resblocks": "blocks",
    "n_feats": "features",
    "reduction": "reduction",
    "res_scale": "res_scale",
    "rgb_range": "img_range",
    "norm": _NO_SHIFT,
    "unshuffle_mod": Same("LR is not folded", (False,)),
}

REDUX_GENERATORS: Final[Mapping[str, Counterpart]] = {
    **GENERATORS,
    "esrgan": Counterpart("rrdb(upsampler=nearest)", _ESRGAN),
    "esrgan_lite": Counterpart("rrdb(upsampler=nearest, features=32, blocks=12)", _ESRGAN),
    "compact": Counterpart("srvgg", _COMPACT),
    "ultracompact": Counterpart("srvgg(blocks=8)", _COMPACT),
    "superultracompact": Counterpart("srvgg(features=24, blocks=8)", _COMPACT),
    "rcan": Counterpart("rcan(rgb_mean=[0.0, 0.0, 0.0])", _RCAN),
}
"""Generators of traiNNer-redux that are here, by their type."""


def _squared_variances(at: At) -> Sayings:
    told = str(at.beside("criterion", "charbonnier"))
    if told != "l2":
        return CannotBeSaid(f"gradient-variance squares what differs, and criterion is {told}")
    return at.part("", parse_call("gradient-variance(size=16)"))


_LIGHT_WEIGHT: Final[Mapping[str, OptionWay]] = {"loss_weight": WEIGHT}

REDUX_LOSSES: Final[Mapping[str, Counterpart]] = {
    **PIXEL,
    "ganloss": Counterpart("gan", GAN),
    "multiscaleganloss": Counterpart("gan", GAN),
    "perceptualloss": Counterpart(
        "vgg(layer=[conv1_2, conv2_2, conv3_4, conv4_4, conv5_4], "
        "layer_weights=[0.1, 0.1, 1.0, 1.0, 1.0], distance=charbonnier)",
        {
            "layer_weights.*": LAYERS,
            "criterion": DISTANCE,
            "antialiased": Same("VGG pools as it was trained", (False,)),
            "clip_min": Same("distances are not clipped", (0,)),
            **_LIGHT_WEIGHT,
        },
    ),
    "fftloss": Counterpart("fft", {**_LIGHT_WEIGHT, "reduction": MEAN}),
    "ffloss": Counterpart("focal-frequency", FOCAL),
    "ldlloss": Counterpart(
        "ldl", {**_LIGHT_WEIGHT, "criterion": Same("ldl is a mean difference", ("l1",))}
    ),
    "gradientvarianceloss": Counterpart(
        "gradient-variance(size=16)",
        {
            **_LIGHT_WEIGHT,
            "patch_size": "size",
            "type": By("where `criterion` is `l2`", _squared_variances),
            "criterion": Same("variances are squared", ("l2",)),
        },
    ),
}
"""Losses of traiNNer-redux that are here, by their type."""


def crop(at: At) -> Sayings:
    """Return the side of the HR crop, of that of the LR crop."""
    return IntoField("stages.patch", whole(at.value) * whole(at.options.get("scale", 1)))


def parts(at: At) -> Sayings:
    """Return in how many parts a batch is computed."""
    return IntoField("stages.accumulate", whole(at.value))


def precision(at: At) -> Sayings:
    """Say in which precision networks compute."""
    if not at.options.get("use_amp"):
        return SaidOtherwise("say --precision fp32", ("--precision", "fp32"))
    half = "bf16" if at.options.get("amp_bf16") else "fp16"
    return SaidOtherwise(f"say --precision {half}", ("--precision", half))


def clipped(at: At) -> Sayings:
    """Return the largest norm of the gradients."""
    if not at.options.get("train.grad_clip"):
        return SaidOtherwise("gradients are not clipped: clip is left out")
    return IntoField("stages.clip", number(at.options.get("train.grad_clip_max_norm", 100)))


_MIXES: Final = ("mixup", "cutmix", "cutblur")
_DRAWN: Final = "there one of them is drawn for a whole batch, here each for itself"


def mixes(at: At) -> Sayings:
    """Return augmentations that mix pictures, each with its share."""
    if not at.options.get("train.use_moa"):
        return SaidOtherwise("nothing is asked for while use_moa is false")
    return mixed_pictures(at, "train.moa_augs", "train.moa_probs")


def mixed_pictures(at: At, names: str, shares: str) -> Sayings:
    """Return the augmentations of two lists, and which of them are not here."""
    found = dict(zip(at.options.get(names, []), at.options.get(shares, []), strict=False))
    whole_share = sum(found.values()) or 1
    said = list[Saying]()
    for name in (one for one in _MIXES if found.get(one)):
        said.append(IntoTerm("stages.augment", name, "", parse_call(name)))
        share = float(f"{number(found[name]) / whole_share:.3g}")
        said.append(IntoTerm("stages.augment", name, "@", share))
    missing = [name for name in found if name not in (*_MIXES, "none")]
    if missing:
        said.append(CannotBeSaid(f"srkit does not mix pictures by {', '.join(missing)}; {_DRAWN}"))
    return said


def unsharp(at: At) -> Sayings:
    """Say that LR is not sharpened."""
    if at.options.get("lq_usm"):
        return CannotBeSaid("realesrgan does not sharpen LR")
    return SaidOtherwise("nothing is asked for while lq_usm is false")


def compile_mode(at: At) -> Sayings:
    """Say how networks are compiled."""
    if not at.options.get("use_compile") or at.value == "default":
        return SaidOtherwise("--compile takes torch's default mode")
    return CannotBeSaid("--compile takes torch's default mode")


_RESIZED: Final = ("bicubic", "bilinear", "lanczos")


def type_of_pictures(at: At) -> Sayings:
    """Say how LR comes about, from HR alone too."""
    if is_resized(at):
        return SaidOtherwise("lq_resize_mode says how LR is made")
    return dataset_type(at)


def made_smaller(at: At) -> Sayings:
    """Return how LR is made of HR where nothing else happens to it."""
    if not is_resized(at):
        return SaidOtherwise("it is for SingleGtDataset")
    if at.value not in _RESIZED:
        return CannotBeSaid(f"srkit does not make LR by {at.value}")
    return IntoTerm("degradation", "degradation", "", parse_call(str(at.value)))


_MACHINE: Final = (
    Row("use_amp, amp_bf16", By("`--precision`", precision)),
    Row("use_compile", Switch(("--compile",))),
    Row("compile_mode", By("torch's default mode", compile_mode)),
    Row("use_channels_last", Same("networks have torch's usual memory format")),
    Row("fast_matmul", Never("convolutions take TF32 on a GPU, products do not", (False,))),
    Row("deterministic", Same("the seed decides what is drawn, torch how it computes")),
    Row("detect_anomaly", Never("torch looks for no anomalies", (False,))),
    Row("input_pixel_format, output_pixel_format", Same("networks see RGB", ("rgb",))),
    Row("watch, start_iter, contents, switch_iter_per_epoch", Same("`srkit train` has no such")),
    Row("onnx.*", Never("srkit writes no ONNX")),
    Row("network_ae.*, network_g_teacher.*, train.optim_ae.*", Never("it trains two networks")),
    Row("train.eco.*", Never("no teacher is asked", (False,))),
    Row("logger.save_checkpoint_format", Same("weights are safetensors files")),
)

_DEGRADATION: Final = (
    Row(
        "high_order_degradations_debug, high_order_degradations_debug_limit",
        Same("`srkit degrade` shows pictures"),
    ),
    Row("dataroot_lq_prob", Never("training is paired or synthetic", (0,))),
    Row("lq_usm, lq_usm_radius_range", By("cannot be said but for `lq_usm: false`", unsharp)),
    Row("thicklines_prob", Never("realesrgan thickens no lines", (0,))),
    Knob("blur", ("blur_prob", "blur_prob2"), (1.0, 0.8)).row,
    Knob("jpeg", ("jpeg_prob", "jpeg_prob2"), (1, 1)).row,
    Row(
        "resize_mode_list*, resize_mode_prob*",
        Never("realesrgan resizes by area, bilinear or bicubic"),
    ),
    Knob(
        "size",
        ("datasets.train.kernel_range", "datasets.train.kernel_range2"),
        ([7, 21], [7, 21]),
        interval,
    ).row,
    Knob("final_size", ("datasets.train.final_kernel_range",), ([7, 21],), interval).row,
    Row("datasets.train.type", By("`degradation`", type_of_pictures)),
    Row(
        "datasets.train.lq_resize_mode",
        By("`degradation`: `bicubic`, `bilinear` or `lanczos` for `SingleGtDataset`", made_smaller),
    ),
)

_TRAINING: Final = (
    Row("datasets.train.lq_size", By("`patch`: times the scale", crop)),
    Row("datasets.train.accum_iter", By("`accumulate`, and it counts in `batch`", parts)),
    Row(
        "datasets.*.prefetch_factor, datasets.*.phase, datasets.*.scale",
        Same("the loader decides for itself"),
    ),
    Row("datasets.*.clip_size", Never("of video, which srkit does not train")),
    Row("network_g.*", OfType("generator", "generator", REDUX_GENERATORS, "`generator`")),
    Row("train.losses.*.*", OfType("stages.loss", "loss", REDUX_LOSSES, "`loss`")),
    Row("train.*_opt.*", OfType("stages.loss", "loss", REDUX_LOSSES, "`loss`")),
    Row("train.grad_clip, train.grad_clip_max_norm", By("`clip`", clipped)),
    Row(
        "train.ema_power, train.ema_update_after_step, train.ema_switch_iter",
        Never("the average has one decay from the first step", (0, 10)),
    ),
    Row("train.adaptive_d*", Never("the discriminator is updated in every step", (False,))),
    Row("train.restart_scheduler", Same("`--resume` goes on with the schedule of the recipe")),
    Row("train.use_moa", Same("`augment` has what is asked for")),
    Row("train.moa_augs, train.moa_probs", By("`augment`: `mixup`, `cutmix`, `cutblur`", mixes)),
    Row("train.moa_debug, train.moa_debug_limit", Same("nothing is written to look at")),
)

_VALIDATION: Final = (
    Row("val.val_enabled, val.metrics_enabled", Same("srkit always validates and measures")),
    Row("val.tile_size, val.tile_overlap", Same("pictures are cut into tiles where needed")),
)

_OF_SYNTHESIS: Final[Mapping[str, object]] = {
    "queue_size": 120,
    "resize_prob": [0.2, 0.7, 0.1],
    "resize_prob2": [0.3, 0.4, 0.3],
    "resize_range": [0.4, 1.5],
    "resize_range2": [0.6, 1.2],
    "gaussian_noise_prob": 0,
    "gaussian_noise_prob2": 0,
    "noise_range": [0, 0],
    "noise_range2": [0, 0],
    "poisson_scale_range": [0, 0],
    "poisson_scale_range2": [0, 0],
    "gray_noise_prob": 0,
    "gray_noise_prob2": 0,
    "jpeg_range": [75, 95],
    "jpeg_range2": [75, 95],
}
_OF_KERNELS: Final[Mapping[str, object]] = {
    "kernel_range": [5, 17],
    "kernel_range2": [5, 17],
    "final_kernel_range": [5, 17],
    "use_hflip": True,
    "use_rot": True,
    "blur_sigma": [0.2, 2],
    "blur_sigma2": [0.2, 1],
    "sinc_prob": 0,
    "sinc_prob2": 0,
    "final_sinc_prob": 0,
}

TRAINNER_REDUX: Final = OtherTrainer(
    "traiNNer-redux",
    (*_MACHINE, *_DEGRADATION, *_TRAINING, *_VALIDATION, *REAL_ESRGAN.rows),
    (
        *(TrainersDefault("", key, value) for key, value in _OF_SYNTHESIS.items()),
        *(TrainersDefault("datasets.train", key, value) for key, value in _OF_KERNELS.items()),
        TrainersDefault("train.losses.*", "gan_type", "vanilla"),
        *BASICSR.defaults,
    ),
)
"""traiNNer-redux of June 2026."""
