"""Which process makes LR of a batch with Real-ESRGAN, once a turn?

Its dataset draws the kernels, `RealESRGANModel.feed_data` sharpens and degrades, with the options
of the file that it trains from. It asks for a GPU by `.cuda()`, which here stays on the CPU, and
views what is not contiguous there, which here is made so.
"""

import argparse
import random
import warnings
from pathlib import Path

from tests.benchmarks.turns import Turns, serve

turns = Turns()
warnings.filterwarnings("ignore")

import cv2  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402

KERNELS = ["iso", "aniso", "generalized_iso", "generalized_aniso", "plateau_iso", "plateau_aniso"]
SHARES = [0.45, 0.25, 0.12, 0.03, 0.12, 0.03]
DRAWN = {
    "blur_kernel_size": 21,
    "kernel_list": KERNELS,
    "kernel_prob": SHARES,
    "sinc_prob": 0.1,
    "blur_sigma": [0.2, 3],
    "betag_range": [0.5, 4],
    "betap_range": [1, 2],
    "blur_kernel_size2": 21,
    "kernel_list2": KERNELS,
    "kernel_prob2": SHARES,
    "sinc_prob2": 0.1,
    "blur_sigma2": [0.2, 1.5],
    "betag_range2": [0.5, 4],
    "betap_range2": [1, 2],
    "final_sinc_prob": 0.8,
    "use_hflip": True,
    "use_rot": False,
}
APPLIED = {
    "resize_prob": [0.2, 0.7, 0.1],
    "resize_range": [0.15, 1.5],
    "gaussian_noise_prob": 0.5,
    "noise_range": [1, 30],
    "poisson_scale_range": [0.05, 3],
    "gray_noise_prob": 0.4,
    "jpeg_range": [30, 95],
    "second_blur_prob": 0.8,
    "resize_prob2": [0.3, 0.4, 0.3],
    "resize_range2": [0.3, 1.2],
    "gaussian_noise_prob2": 0.5,
    "noise_range2": [1, 25],
    "poisson_scale_range2": [0.05, 2.5],
    "gray_noise_prob2": 0.4,
    "jpeg_range2": [30, 95],
    "gt_size": 256,
    "queue_size": 180,
}


def stays(self, *_):
    return self


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, default=4)
    given = parser.parse_args()
    torch.nn.Module.cuda = torch.Tensor.cuda = stays
    from realesrgan.data.realesrgan_dataset import RealESRGANDataset
    from realesrgan.models import realesrgan_model

    filtered = realesrgan_model.filter2D
    realesrgan_model.filter2D = lambda hr, kernel: filtered(hr.contiguous(), kernel)
    random.seed(0)
    np.random.seed(0)
    cv2.imwrite("hr.png", np.random.randint(0, 256, (400, 400, 3), np.uint8))
    Path("names.txt").write_text("hr.png\n")
    folder = {"dataroot_gt": ".", "meta_info": "names.txt", "io_backend": {"type": "disk"}}
    dataset = RealESRGANDataset(DRAWN | folder)
    generator = {"type": "SRVGGNetCompact", "num_in_ch": 3, "num_out_ch": 3, "num_feat": 4}
    train = {"optim_g": {"type": "Adam", "lr": 1e-4}, "optim_d": {"type": "Adam", "lr": 1e-4}}
    train |= {"scheduler": {"type": "MultiStepLR", "milestones": [10]}, "ema_decay": 0.999}
    train |= {
        "pixel_opt": {"type": "L1Loss"},
        "gan_opt": {"type": "GANLoss", "gan_type": "vanilla"},
    }
    asked = {"num_gpu": 0, "dist": False, "is_train": True, "scale": 4, "path": {}, "train": train}
    asked |= {"network_g": generator | {"num_conv": 1, "upscale": 4}}
    asked |= {"network_d": {"type": "UNetDiscriminatorSN", "num_in_ch": 3, "num_feat": 4}}
    model = realesrgan_model.RealESRGANModel(asked | APPLIED)

    def work():
        items = [dataset[0] for _ in range(given.batch)]
        model.feed_data(torch.utils.data.default_collate(items))

    serve(turns, work)


if __name__ == "__main__":
    main()
