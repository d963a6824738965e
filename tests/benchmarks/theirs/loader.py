"""Which process draws training batches with BasicSR, once a turn, and how many CPU seconds are
they?

Its `PairedImageDataset` over the PNG pieces of its preparation, batches of 16 crops of 256 pixels
at scale 4, flips and quarter turns, collated in this process.
"""

import random
import sys
import time
import warnings

from tests.benchmarks.turns import Turns

turns = Turns()
warnings.filterwarnings("ignore")

import cv2  # noqa: E402
from basicsr.data.paired_image_dataset import PairedImageDataset  # noqa: E402
from torch.utils.data import default_collate  # noqa: E402

BATCH, BATCHES = 16, 4


def main():
    cv2.setNumThreads(1)
    asked = {"dataroot_gt": f"{sys.argv[1]}/hr", "dataroot_lq": f"{sys.argv[1]}/lr"}
    asked |= {"io_backend": {"type": "disk"}, "phase": "train", "scale": 4, "gt_size": 256}
    dataset = PairedImageDataset(asked | {"use_hflip": True, "use_rot": True})
    draw = random.Random(0)
    while turns.begin():
        began = time.process_time()
        for _ in range(BATCHES):
            default_collate([dataset[draw.randrange(len(dataset))] for _ in range(BATCH)])
        turns.end(seconds=(time.process_time() - began) / BATCHES)


if __name__ == "__main__":
    main()
