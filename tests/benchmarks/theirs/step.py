"""Which process trains with BasicSR, so many steps a turn?

Its own models (`SRModel`, `ESRGANModel`) from options as its users write them, on one batch of
noise that is there already: `optimize_parameters`, with the moving average. VGG's weights are
random, which changes no time.
"""

import argparse
import logging
import warnings
from itertools import count
from pathlib import Path

from tests.benchmarks.turns import Turns, serve

turns = Turns()
warnings.filterwarnings("ignore")
logging.disable(logging.INFO)

import torch  # noqa: E402
import torchvision  # noqa: E402

GENERATORS = {
    "rrdb": lambda blocks: {
        "type": "RRDBNet",
        "num_feat": 64,
        "num_block": blocks,
        "num_grow_ch": 32,
    },
    "srvgg": lambda blocks: {
        "type": "SRVGGNetCompact",
        "num_feat": 16,
        "num_conv": blocks,
        "upscale": 4,
    },
    "msr": lambda blocks: {"type": "MSRResNet", "num_feat": 64, "num_block": blocks, "upscale": 4},
}
DISCRIMINATORS = {
    "vgg": {"type": "VGGStyleDiscriminator", "num_in_ch": 3, "num_feat": 64},
    "unet": {
        "type": "UNetDiscriminatorSN",
        "num_in_ch": 3,
        "num_feat": 64,
        "skip_connection": True,
    },
}
PERCEPTUAL = {
    "type": "PerceptualLoss",
    "vgg_type": "vgg19",
    "layer_weights": {"conv5_4": 1.0},
    "criterion": "l1",
    "perceptual_weight": 1.0,
    "style_weight": 0,
    "use_input_norm": True,
    "range_norm": False,
}
ADVERSARIAL = {
    "type": "GANLoss",
    "gan_type": "vanilla",
    "loss_weight": 0.005,
    "real_label_val": 1.0,
    "fake_label_val": 0.0,
}


def adam():
    return {"type": "Adam", "lr": 1e-4, "betas": [0.9, 0.99], "weight_decay": 0}


def options(generator, blocks, discriminator):
    """Return what BasicSR reads from its option file; `discriminator` may be None."""
    network = GENERATORS[generator](blocks) | {"num_in_ch": 3, "num_out_ch": 3}
    train = {
        "total_iter": 400_000,
        "warmup_iter": -1,
        "ema_decay": 0.999,
        "optim_g": adam(),
        "scheduler": {"type": "MultiStepLR", "milestones": [200_000], "gamma": 0.5},
        "pixel_opt": {
            "type": "L1Loss",
            "reduction": "mean",
            "loss_weight": 0.01 if discriminator else 1.0,
        },
    }
    asked = {"name": "step", "model_type": "SRModel", "scale": 4, "num_gpu": 0, "manual_seed": 0}
    asked |= {"dist": False, "rank": 0, "world_size": 1, "is_train": True}
    asked |= {"path": {}, "val": {}, "logger": {}, "network_g": network, "train": train}
    if discriminator:
        asked |= {"model_type": "ESRGANModel", "network_d": dict(DISCRIMINATORS[discriminator])}
        train |= {"perceptual_opt": dict(PERCEPTUAL), "gan_opt": dict(ADVERSARIAL)}
        train |= {"optim_d": adam(), "net_d_iters": 1, "net_d_init_iters": 0}
    return asked


def scored(folder):
    """Return the loader of scored pairs, as BasicSR's train.py makes it, and its options."""
    from basicsr.data import build_dataloader, build_dataset

    asked = {"name": "val", "type": "PairedImageDataset", "io_backend": {"type": "disk"}}
    asked |= {"dataroot_gt": f"{folder}/HR", "dataroot_lq": f"{folder}/LR"}
    asked |= {"phase": "val", "scale": 4}
    metric = {"crop_border": 4, "test_y_channel": True}
    val = {
        "save_img": False,
        "metrics": {
            "psnr": {"type": "calculate_psnr", **metric},
            "ssim": {"type": "calculate_ssim", **metric},
        },
    }
    loader = build_dataloader(build_dataset(asked), asked, num_gpu=0, dist=False, sampler=None)
    return loader, val


def main():
    given = _parser().parse_args()
    torch.manual_seed(0)
    if given.disc:
        kept = Path("experiments/pretrained_models")
        kept.mkdir(parents=True)
        vgg = torchvision.models.vgg19(weights=None).state_dict()
        torch.save(vgg, kept / "vgg19-dcbb9e9d.pth")
    from basicsr.models import build_model

    asked = options(given.generator, given.blocks, given.disc)
    asked["path"] = {name: str(Path(name).absolute()) for name in ("models", "training_states")}
    for folder in asked["path"].values():
        Path(folder).mkdir()
    loader, asked["val"] = scored(given.val) if given.val else (None, {})
    model = build_model(asked)
    hr = torch.rand(given.batch, 3, given.patch, given.patch)
    lr = torch.rand(given.batch, 3, given.patch // 4, given.patch // 4)
    steps = count(1)

    def work():
        model.feed_data({"lq": lr, "gt": hr})
        for _ in range(given.steps):
            number = next(steps)
            model.optimize_parameters(number)
        if loader:
            model.validation(loader, number, None, False)
        if given.checkpoint:
            model.save(0, number)

    serve(turns, work)


def _parser():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("generator", choices=sorted(GENERATORS))
    parser.add_argument("blocks", type=int)
    parser.add_argument("--disc", choices=sorted(DISCRIMINATORS))
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--patch", type=int, default=128)
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--val")
    parser.add_argument("--checkpoint", action="store_true")
    return parser


if __name__ == "__main__":
    main()
