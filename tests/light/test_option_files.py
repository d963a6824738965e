"""Is every key of an option file of another trainer found in the recipe that it becomes?"""

import re
import tomllib
from fnmatch import fnmatchcase
from importlib.util import find_spec
from pathlib import Path

import pytest

from srkit_core.cli.app import run
from srkit_core.errors import RecipeError
from srkit_core.expressions import parse_call
from srkit_core.interfaces import Range
from srkit_core.option_files.basicsr import BASICSR
from srkit_core.option_files.conversion import convert
from srkit_core.option_files.neosr import NEOSR
from srkit_core.option_files.reading import leaves, read_options
from srkit_core.option_files.real_esrgan import REAL_ESRGAN
from srkit_core.option_files.trainers import convert_file
from srkit_core.option_files.trainner_redux import TRAINNER_REDUX
from srkit_core.option_files.ways import OfType
from srkit_core.option_files.writing import written_recipe
from srkit_core.recipe import recipe_from_toml

FILES = sorted(Path(__file__).parents[1].glob("option_files/*.*"))
BASE = {"network_g": {"type": "RRDBNet"}, "train": {"total_iter": 4}}
TRAINERS = (BASICSR, REAL_ESRGAN, TRAINNER_REDUX, NEOSR)


def recipe_text(path):
    return written_recipe(convert_file(path), path.name)


def fields(path):
    return tomllib.loads(recipe_text(path))


def converted(document, trainer=BASICSR):
    """What a table of keys becomes, with its recipe as a document."""
    conversion = convert(trainer, leaves(document))
    return conversion, tomllib.loads(written_recipe(conversion, "train.yml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_key_is_in_the_recipe(path):
    text = recipe_text(path)
    told = set(re.findall(r"[\w.]+", "\n".join(re.findall(r"#.*", text))))
    keys = [leaf.key for leaf in leaves(read_options(path))]
    assert len(keys) > 40
    assert [key for key in keys if key not in told] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_keys_are_counted_once(path):
    conversion = convert_file(path)
    assert sum(conversion.counts.values()) == len(leaves(read_options(path)))


def test_every_row_of_the_tables_is_tried():
    keys = {leaf.key for path in FILES for leaf in leaves(read_options(path))}
    patterns = [
        pattern for trainer in TRAINERS for row in trainer.rows for pattern in row.there.split(", ")
    ]
    assert len(patterns) >= 100
    assert [one for one in patterns if not any(fnmatchcase(key, one) for key in keys)] == []


def test_a_line_of_comment_is_no_longer_than_one_key_needs():
    for path in FILES:
        comments = [line for line in recipe_text(path).splitlines() if line.startswith("#")]
        assert [line for line in comments if len(line) > 100 and line.count(" = ") > 1] == []


def test_an_adversarial_training_is_carried_over_field_by_field():
    recipe = fields(FILES[0].parent / "basicsr-gan.yml")
    (stage,) = recipe.pop("stages")
    assert recipe == {
        "name": "900-gan-x4",
        "scale": 4,
        "seed": 7,
        "generator": "rrdb(upsampler=nearest, features=64, blocks=23, growth=32)",
        "discriminator": "vgg-basicsr(features=48, size=128)",
        "degradation": "paired",
        "data": {"lr_names": {"train": "{}x4", "Set5": "{}x4"}},
        "validation": {
            "metrics": "psnr(protocol=rgb) + psnr(protocol=y) + niqe(border=4)",
            "border": 4,
            "files": True,
        },
    }
    adam = {"name": "Adam", "weight_decay": 0, "betas": [0.9, 0.99]}
    assert stage == {
        "loss": "0.01*l1 + 1.0*vgg(layer=[conv3_4, conv5_4], layer_weights=[0.5, 1.0], "
        "network=vgg19, distance=mse) + 0.005*ragan(detach=true)",
        "steps": 400000,
        "batch": 16,
        "patch": 128,
        "lr": 1e-4,
        "optimizer": {"generator": adam, "discriminator": {**adam, "lr": 4e-4}},
        "schedule": {"name": "multistep", "milestones": [50000, 100000], "gamma": 0.5},
        "lr_warmup": 1000,
        "ema": 0.999,
        "augment": "flip",
        "generator_every": 2,
        "freeze": 1000,
        "log_every": 100,
        "validate_every": 5000,
        "checkpoint_every": 5000,
    }


def test_a_training_by_pixels_is_a_recipe():
    text = recipe_text(FILES[0].parent / "basicsr-psnr.yml")
    recipe = recipe_from_toml(text)
    (stage,) = recipe.stages
    assert str(recipe.generator) == (
        "edsr(features=256, blocks=32, res_scale=0.1, img_range=255.0, "
        "rgb_mean=[0.4488, 0.4371, 0.404])"
    )
    assert str(stage.loss) == "1.0*charbonnier(eps=1e-06)"
    assert stage.schedule.options == {
        "periods": (250000, 250000),
        "restart_weights": (1, 0.5),
        "final": 0.0005,
    }
    assert (stage.lr, stage.ema, stage.batch) == (2e-4, None, 16)
    assert "multiply it by how many you have" in text.replace("\n#  ", "")
    assert (recipe.validation.protocol, recipe.validation.border) == ("y", 4)
    assert "--precision fp32" in text


def test_the_head_trains_it_with_the_words_of_the_file():
    text = recipe_text(FILES[0].parent / "basicsr-gan.yml")
    command = text.partition("# srkit train")[2].partition("\n\n")[0]
    words = "srkit train" + command.replace(" \\\n#  ", "")
    assert words == (
        "srkit train mine.toml --data 'lists/part.txt in pictures/HR' --lq pictures/LR "
        "--workers 3 --val 'Set5=lists/Set5.txt in Set5/GTmod12 with Set5/LRbicx4' "
        "--init net_g.safetensors "
        "--init-partial --init-disc weights/net_d.pth "
        "--track tensorboard --track 'wandb(project=sr)' "
        "--precision fp32"
    )
    imported = "# srkit weights import weights/net_g.pth --key params --out net_g.safetensors\n"
    assert imported in text


def test_real_esrgan_is_carried_over():
    recipe = fields(FILES[0].parent / "real-esrgan.yml")
    assert recipe["degradation"] == "realesrgan(noise=[1..20, 1..25])"
    assert recipe["target"] == "sharpen"
    assert recipe["validation"] == {"sets": {"validation": {"degradation": "paired"}}}
    stage = recipe["stages"][0]
    assert (stage["batch"], stage["patch"], stage["pool"]) == (48, 256, 180)
    assert stage["augment"] == "flip"
    assert set(stage["loss"].split(" + ")) == {
        "1.0*l1",
        "1.0*vgg(target=false, layer=[conv1_2, conv2_2, conv3_4, conv4_4, conv5_4], "
        "layer_weights=[0.1, 0.1, 1.0, 1.0, 1.0], network=vgg19, distance=l1)",
        "0.1*gan(target=true)",
        "1.0*ldl(target=false)",
    }


def test_every_number_of_the_degradation_is_an_option():
    table = {
        "type": "RealESRGANDataset",
        "kernel_list": ["iso", "plateau_aniso"],
        "kernel_prob": [0.7, 0.3],
        "sinc_prob": 0.2,
        "betap_range2": [1, 3],
        "final_sinc_prob": 0.1,
    }
    numbers = {"resize_prob2": [0, 1, 0], "gaussian_noise_prob": 0.4, "second_blur_prob": 0.5}
    document = {**BASE, **numbers, "gray_noise_prob2": 0.1, "datasets": {"train": table}}
    _, recipe = converted(document, REAL_ESRGAN)
    options = dict(parse_call(recipe["degradation"]).options)
    assert options == {
        "kernel_weights": ((0.7, 0, 0, 0, 0, 0.3), (0.45, 0.25, 0.12, 0.03, 0.12, 0.03)),
        "sinc": (0.2, 0.1),
        "plateau_beta": (Range(1, 2), Range(1, 3)),
        "final_sinc": 0.1,
        "resize_weights": ((0.2, 0.7, 0.1), (0, 1, 0)),
        "gaussian": (0.4, 0.5),
        "blur": (1.0, 0.5),
        "gray": (0.4, 0.1),
    }


def test_trainner_redux_is_carried_over():
    recipe = fields(FILES[0].parent / "trainner-redux.yml")
    assert recipe["generator"] == "srvgg(blocks=8)"
    assert "discriminator" not in recipe
    stage = recipe["stages"][0]
    assert stage["loss"] == (
        "1.0*charbonnier(eps=1e-06) + 0.03*vgg(layer=conv5_4, distance=charbonnier) + 0.1*gan"
    )
    assert (stage["patch"], stage["batch"], stage["accumulate"]) == (192, 16, 2)
    assert (stage["clip"], stage["pool"]) == (10, 120)
    assert stage["augment"] == "flip | turn | mixup@0.084 | cutmix@0.084 | cutblur@0.348"
    assert stage["optimizer"]["generator"]["name"] == "AdamW"
    text = recipe_text(FILES[0].parent / "trainner-redux.yml")
    assert "--precision bf16" in text
    assert "--precision fp32" not in text
    assert "# discriminator = ...: must be written" in text


@pytest.mark.skipif(find_spec("torch") is None, reason="reads the installed torch")
def test_neosr_is_carried_over():
    recipe = fields(FILES[0].parent / "neosr.toml")
    assert (recipe["generator"], recipe["discriminator"]) == ("srvgg", "unet-sn(features=64)")
    assert recipe["validation"]["border"] == 4
    stage = recipe["stages"][0]
    assert stage["loss"] == (
        "1.0*l1 + 0.05*vgg(layer=[conv1_2, conv2_2, conv3_4, conv4_4, conv5_4], "
        "layer_weights=[0.1, 0.1, 1.0, 1.0, 1.0], distance=l1) + 0.3*lsgan(half=neither)"
    )
    assert (stage["patch"], stage["batch"], stage["accumulate"]) == (128, 16, 2)
    assert (stage["steps"], stage["pool"], stage["ema"]) == (1000, 160, 0.999)
    assert stage["augment"] == "flip | turn | mixup@0.1 | cutmix@0.1 | cutblur@0.2"
    assert "clip" not in stage
    assert stage["optimizer"] == {
        "discriminator": {"name": "AdamW", "lr": 1e-4, "betas": [0.9, 0.99], "weight_decay": 0.01}
    }


@pytest.mark.parametrize(
    ("scheduler", "schedule"),
    [
        ({"type": "ExponentialLR", "gamma": 0.9}, {"name": "exponential", "gamma": 0.9}),
        (
            {"type": "StepLR", "step_size": 100, "gamma": 0.5},
            {"name": "exponential", "gamma": 0.5, "every": 100, "staircase": True},
        ),
        ({"type": "CosineAnnealingLR", "T_max": 400, "eta_min": 1e-6}, {"name": "cosine"}),
        ({"type": "TrueCosineAnnealingLR", "T_max": 600}, {"name": "cosine", "periods": [600]}),
        (
            {"type": "StepLR", "step_size": 100},
            {"name": "exponential", "gamma": 0.1, "every": 100, "staircase": True},
        ),
        (
            {"type": "MultiStepRestartLR", "milestones": [200]},
            {"name": "multistep", "milestones": [200], "gamma": 0.1},
        ),
        (
            {
                "type": "CosineAnnealingRestartCyclicLR",
                "periods": [100, 300],
                "restart_weights": [1, 1],
                "eta_mins": [1e-5, 1e-5],
            },
            {"name": "cosine", "periods": [100, 300], "restart_weights": [1, 1], "final": 0.1},
        ),
        (
            {"type": "CosineAnnealingWarmRestarts", "T_0": 100, "T_mult": 2},
            {"name": "cosine", "periods": [100, 200, 400]},
        ),
        ({"type": "PolynomialLR", "power": 0.9}, {"name": "polynomial", "power": 0.9}),
        ({"type": "OneCycleLR", "pct_start": 0.2}, {"name": "one-cycle", "pct_start": 0.2}),
        (
            {"type": "ReduceLROnPlateau", "patience": 5, "min_lr": 1e-5},
            {"name": "plateau", "patience": 5, "final": 0.1},
        ),
        (
            {"type": "CosineAnnealingRestartLR", "periods": [400], "restart_weights": [1]},
            {"name": "cosine", "periods": [400], "restart_weights": [1]},
        ),
    ],
)
@pytest.mark.parametrize("trainer", [BASICSR, TRAINNER_REDUX], ids=lambda one: one.name)
def test_schedules_of_torch_and_basicsr_are_named(scheduler, schedule, trainer):
    train = {"total_iter": 400, "optim_g": {"type": "Adam", "lr": 1e-4}, "scheduler": scheduler}
    _, recipe = converted({**BASE, "train": train}, trainer)
    expected = {"final": 0.01, **schedule} if "eta_min" in scheduler else schedule
    assert recipe["stages"][0]["schedule"] == expected


@pytest.mark.parametrize(
    ("scheduler", "key", "why"),
    [
        (
            {"type": "CosineAnnealingLR", "T_max": 100},
            "T_max",
            "srkit's cosine does not rise again after T_max",
        ),
        (
            {"type": "CosineAnnealingRestartCyclicLR", "eta_mins": [3e-4, 1e-6]},
            "eta_mins",
            "srkit's cosine has one end for all periods: write a stage for each",
        ),
        (
            {"type": "MultiStepRestartLR", "milestones": [200], "restarts": [0, 200]},
            "restarts",
            "multistep does not begin anew: write a stage for each part",
        ),
        (
            {"type": "OneCycleLR", "base_momentum": 0.8},
            "base_momentum",
            "srkit's one-cycle has no such option",
        ),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
@pytest.mark.parametrize("trainer", [BASICSR, TRAINNER_REDUX, NEOSR], ids=lambda one: one.name)
def test_what_a_schedule_here_does_not_do_cannot_be_said(scheduler, key, why, trainer):
    train = {"total_iter": 400, "scheduler": scheduler}
    conversion, _ = converted({"train": train}, trainer)
    unsaid = [(leaf.key, said.why) for leaf, said in conversion.unsaid]
    assert unsaid == [(f"train.scheduler.{key}", why)]


def test_a_schedule_that_is_not_here_is_named():
    train = {"total_iter": 400, "scheduler": {"type": "CyclicLR", "base_lr": 0.1}}
    conversion, recipe = converted({**BASE, "train": train}, TRAINNER_REDUX)
    assert [said.why for _, said in conversion.unsaid] == ["srkit has no schedule CyclicLR"] * 2
    assert "schedule" not in recipe["stages"][0]


def test_a_loss_of_a_model_of_ones_own_is_a_loss():
    train = {"tv_opt": {"type": "WeightedTVLoss", "loss_weight": 1e-3, "reduction": "mean"}}
    train["pixel_opt"] = {"type": "CharbonnierLoss", "eps": 1e-6}
    conversion, recipe = converted({**BASE, "train": train})
    assert recipe["stages"][0]["loss"] == "0.001*tv(norm=l1) + 1.0*charbonnier(eps=0.001)"
    assert conversion.unsaid == conversion.unknown == []


def test_losses_of_neosr_and_trainner_redux_have_counterparts():
    huber = {"pixel_opt": {"type": "HuberLoss", "loss_weight": 2.0, "delta": 0.1}}
    _, recipe = converted({"network_g": {"type": "compact"}, "train": huber}, NEOSR)
    assert recipe["stages"][0]["loss"] == "2.0*huber(delta=0.1)"
    losses = [
        {"type": "fftloss", "loss_weight": 0.5, "reduction": "mean"},
        {"type": "gradientvarianceloss", "loss_weight": 0.1, "criterion": "l2", "patch_size": 8},
        {"type": "multiscaleganloss", "loss_weight": 0.01, "gan_type": "hinge"},
    ]
    document = {"network_g": {"type": "compact"}, "train": {"losses": losses}}
    conversion, recipe = converted(document, TRAINNER_REDUX)
    expected = "0.5*fft + 0.1*gradient-variance(size=8) + 0.01*hinge"
    assert recipe["stages"][0]["loss"] == expected
    assert conversion.unsaid == []


def test_the_u_net_of_neosr_is_real_esrgans():
    networks = {"network_g": {"type": "compact"}, "network_d": {"type": "unet", "num_feat": 32}}
    conversion, recipe = converted({**networks, "train": {"total_iter": 4}}, NEOSR)
    assert recipe["discriminator"] == "unet-sn(features=32)"
    assert conversion.unsaid == []


def test_a_loss_with_another_distance_is_not_taken_for_its_namesake():
    losses = [{"type": "gradientvarianceloss", "loss_weight": 0.1}]
    document = {"network_g": {"type": "compact"}, "train": {"losses": losses}}
    conversion, _ = converted(document, TRAINNER_REDUX)
    (unsaid,) = [(leaf.key, said.why) for leaf, said in conversion.unsaid]
    why = "gradient-variance squares what differs, and criterion is charbonnier"
    assert unsaid == ("train.losses.0.type", why)


def test_a_validation_set_may_be_a_list_of_a_folders_pictures():
    places = {"dataroot_gt": "HR", "dataroot_lq": "LR", "meta_info_file": "some.txt"}
    val = {"name": "Some", "type": "PairedImageDataset", **places}
    conversion, _ = converted({**BASE, "datasets": {"val": val}})
    words = [said.words for _, said in conversion.otherwise if "--val" in said.words]
    assert words == [("--val", "Some=some.txt in HR with LR")]
    assert conversion.unsaid == []


@pytest.mark.parametrize(
    ("mode", "degradation", "why"),
    [
        ("bicubic", "bicubic", []),
        ("lanczos", "lanczos", []),
        ("area", None, ["srkit does not make LR by area"]),
    ],
)
def test_hr_alone_is_made_smaller_as_trainner_redux_does(mode, degradation, why):
    pictures = {"type": "SingleGtDataset", "dataroot_gt": ["HR"], "lq_resize_mode": mode}
    conversion, recipe = converted({**BASE, "datasets": {"train": pictures}}, TRAINNER_REDUX)
    assert recipe.get("degradation") == degradation
    assert "pool" not in recipe["stages"][0]
    assert [said.why for _, said in conversion.unsaid] == why


def test_sizes_of_kernels_are_trainner_reduxs_own_where_the_file_has_none():
    document = {**BASE, "datasets": {"train": {"type": "realesrgandataset"}}}
    _, recipe = converted(document, TRAINNER_REDUX)
    options = parse_call(recipe["degradation"]).options
    sizes = dict(options)
    assert sizes["size"] == (Range(5, 17), Range(5, 17))
    assert sizes["final_size"] == Range(5, 17)


def test_neosr_clips_gradients_unless_it_is_told_not_to():
    _, recipe = converted({**BASE, "model_type": "image", "train": {"ema": 0.9}}, NEOSR)
    assert recipe["stages"][0]["clip"] == 1.0


def test_augmentations_that_mix_share_what_is_drawn():
    shares = {"augmentation": ["none", "mixup", "cutblur"], "aug_prob": [1.0, 0.5, 0.5]}
    _, recipe = converted({**BASE, "datasets": {"train": shares}}, NEOSR)
    assert recipe["stages"][0]["augment"] == "flip | turn | mixup@0.25 | cutblur@0.25"


def test_a_loss_that_is_not_here_and_switched_off_is_no_loss():
    losses = [{"type": "hsluvloss", "loss_weight": 0}, {"type": "l1loss", "loss_weight": 1.0}]
    document = {"network_g": {"type": "compact"}, "train": {"losses": losses}}
    conversion, recipe = converted(document, TRAINNER_REDUX)
    assert recipe["stages"][0]["loss"] == "1.0*l1"
    assert conversion.unsaid == []


def test_pairs_make_no_lr():
    document = {
        **BASE,
        "model_type": "RealESRNetModel",
        "queue_size": 180,
        "noise_range": [1, 20],
        "datasets": {"train": {"type": "RealESRGANPairedDataset"}},
    }
    conversion, recipe = converted(document, REAL_ESRGAN)
    assert recipe["degradation"] == "paired"
    assert "pool" not in recipe["stages"][0]
    made = [leaf.key for leaf, said in conversion.otherwise if "none is made" in said.how]
    assert made == ["queue_size", "noise_range"]


def test_what_nobody_knows_is_listed():
    conversion, recipe = converted({**BASE, "train": {"total_iter": 4, "magic": {"a": 1}}})
    assert [str(leaf) for leaf in conversion.unknown] == ["train.magic.a = 1"]
    assert recipe["stages"][0]["steps"] == 4


def test_a_network_that_is_not_here_is_named_and_left_to_be_written():
    document = {**BASE, "network_g": {"type": "SwinIR", "window_size": 8}}
    conversion, recipe = converted(document)
    assert [said.why for _, said in conversion.unsaid] == [
        "srkit has no generator SwinIR",
        "belongs to SwinIR",
    ]
    assert "generator" not in recipe
    text = written_recipe(conversion, "train.yml")
    assert "# generator = ...: must be written" in text
    assert "# loss = ...: must be written" in text


@pytest.mark.parametrize(
    ("model", "kind", "loss"),
    [
        ("SRGANModel", "vanilla", "0.1*gan"),
        ("ESRGANModel", "vanilla", "0.1*ragan(detach=true)"),
        ("SRGANModel", "wgan_softplus", "0.1*gan"),
        ("SRGANModel", "lsgan", "0.1*lsgan(half=neither)"),
        ("SRGANModel", "hinge", "0.1*hinge"),
        ("SRGANModel", "wgan", "0.1*wgan"),
        ("ESRGANModel", "lsgan", None),
        ("SRGANModel", "softmax", None),
    ],
)
def test_kinds_of_adversarial_losses(model, kind, loss):
    gan = {"type": "GANLoss", "gan_type": kind, "loss_weight": 0.1}
    _, recipe = converted({**BASE, "model_type": model, "train": {"gan_opt": gan}})
    assert recipe["stages"][0].get("loss") == loss


def test_a_label_and_a_style_become_options():
    gan = {"type": "GANLoss", "gan_type": "vanilla", "real_label_val": 0.9, "fake_label_val": 0.1}
    style = {
        "type": "PerceptualLoss",
        "layer_weights": {"relu3_1": 1},
        "perceptual_weight": 0.5,
        "style_weight": 10,
    }
    train = {"gan_opt": gan, "perceptual_opt": style}
    _, recipe = converted({**BASE, "model_type": "SRGANModel", "train": train})
    assert recipe["stages"][0]["loss"] == (
        "1.0*gan(real_label=0.9, fake_label=0.1) + "
        "1.0*vgg(layer=relu3_1, content=0.5, style=10.0, style_distance=same)"
    )


def test_a_loss_without_weight_is_left_out():
    train = {
        "pixel_opt": {"type": "L1Loss", "loss_weight": 0},
        "gan_opt": {"type": "GANLoss", "gan_type": "vanilla"},
    }
    conversion, recipe = converted({**BASE, "model_type": "SRGANModel", "train": train})
    assert recipe["stages"][0]["loss"] == "1.0*gan"
    off = [leaf.key for leaf, said in conversion.otherwise if "weight is 0" in said.how]
    assert off == ["train.pixel_opt.type", "train.pixel_opt.loss_weight"]


def test_a_sum_over_pixels_cannot_be_said():
    train = {"pixel_opt": {"type": "L1Loss", "reduction": "sum"}}
    conversion, _ = converted({**BASE, "train": train})
    assert [said.why for _, said in conversion.unsaid] == [
        'only "mean" can be said: a loss is a mean'
    ]


@pytest.mark.parametrize(
    ("told", "batch", "words"),
    [(1, 6, ()), (4, 24, ()), ("auto", 6, ()), (0, 6, ("--device", "cpu"))],
)
def test_the_batch_is_that_of_all_devices(told, batch, words):
    datasets = {"train": {"batch_size_per_gpu": 6}}
    conversion, recipe = converted({**BASE, "num_gpu": told, "datasets": datasets})
    assert recipe["stages"][0]["batch"] == batch
    said = [one.words for leaf, one in conversion.otherwise if leaf.key == "num_gpu"]
    assert said == ([words] if words else [])


@pytest.mark.parametrize("key", ["total_iter", "warmup_iter", "ema_decay"])
def test_a_value_of_another_kind_cannot_be_said(key):
    conversion, _ = converted({**BASE, "train": {key: "soon"}})
    ((leaf, said),) = conversion.unsaid
    assert (leaf.key, said.why) == (f"train.{key}", '"soon" is no value that this key can have')


def test_numbers_aliases_and_nothing_are_read_as_yaml_has_them(tmp_path):
    file = tmp_path / "train.yml"
    file.write_text("a: &a {x: !!float 5e-6, y: 1e-4}\nb: {<<: *a, y: 7}\nc: ~\nd: 1e5b\n")
    assert [str(leaf) for leaf in leaves(read_options(file))] == [
        "a.x = 5e-06",
        "a.y = 0.0001",
        "b.x = 5e-06",
        "b.y = 7",
        "c = none",
        'd = "1e5b"',
    ]


BOMB = "a: &a [x, x]\n" + "".join(
    f"{new}: &{new} {{p: *{old}, q: *{old}}}\n"
    for old, new in zip("abcdefghijklmnop", "bcdefghijklmnopq", strict=True)
)

BAD = {
    "missing.yml": (None, "there is no option file missing.yml"),
    "half.yml": ("a: [1\nb: 2", "half.yml is not YAML in line 2: expected ',' or ']'"),
    "code.yml": ("a: !!python/object:os.system x", "could not determine a constructor"),
    "twice.yml": (
        "a:\n  b: 1\n  c: 2\n  b: 3",
        "twice.yml has b twice in one table, in lines 2 and 4",
    ),
    "half.toml": ("a = ", "half.toml is not TOML"),
    "list.yml": ("- 1", "list.yml is no option file: it holds no keys"),
    "other.yml": ("model: resnet", "other.yml is no option file of a known trainer"),
    "test.yml": ("network_g: {type: EDSR}", "test.yml trains nothing"),
    "mine.toml": ("stages = []", "mine.toml is already a recipe of srkit"),
    "bytes.yml": (b"\xff\xfe\x00", "bytes.yml is no text in UTF-8"),
    "deep.yml": ("a: " + "[" * 3000, "deep.yml is not YAML: "),
    "long.yml": ("# " + "x" * 1_000_001, "long.yml is too large for an option file"),
    "bomb.yml": (BOMB + "network_g: {type: EDSR}\ntrain: {a: 1}", "more than 5,000 keys"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_option_file_gets_one_sentence(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content, fact = BAD[name]
    if content is not None:
        Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(RecipeError) as caught:
        convert_file(Path(name))
    assert fact in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.hint


def test_the_command_prints_the_recipe_and_counts_beside_it(capsys):
    path = FILES[0].parent / "basicsr-psnr.yml"
    assert run(["recipes", "--from", str(path)]) == 0
    printed = capsys.readouterr()
    assert printed.out == recipe_text(path)
    assert printed.err == (
        "basicsr-psnr.yml: of 63 keys 38 became fields, 17 are said otherwise, "
        "8 cannot be said, 0 are unknown\n"
    )


def test_a_component_of_the_tables_has_a_type():
    rows = [row for trainer in TRAINERS for row in trainer.rows]
    places = {row.way.place for row in rows if isinstance(row.way, OfType)}
    assert places == {"generator", "discriminator", "stages.loss"}
