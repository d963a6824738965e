"""Which process draws training batches with srkit, once a turn, and how many CPU seconds are they?

Packed pictures of `srkit prepare`, batches of 16 crops of 256 pixels at scale 4, flips and quarter
turns, one process: what an epoch of `srkit train --workers 0` does before the network.
"""

import argparse
import time

from tests.benchmarks.turns import Turns

turns = Turns()

import torch  # noqa: E402

from srkit_core.augmentation import bind_augment  # noqa: E402
from srkit_core.chain import bind_chain  # noqa: E402
from srkit_core.data.dataset import CropDataset  # noqa: E402
from srkit_core.data.examples import LrMaker, make_examples  # noqa: E402
from srkit_core.data.loader import batch_indices, training_batches  # noqa: E402
from srkit_core.data.patches import CropRule  # noqa: E402
from srkit_core.data.picture_set import open_picture_set  # noqa: E402
from srkit_core.engine.machine.malloc import keep_freed_memory  # noqa: E402
from srkit_core.expressions import parse_chain  # noqa: E402
from srkit_core.models.build import build_degradation  # noqa: E402
from srkit_core.registry import discover  # noqa: E402

BATCH, PATCH, SCALE = 16, 256, 4
BATCHES = 20


def main() -> None:
    """Draw until nobody asks any more."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--stored", action="store_true", help="LR from disk, else made of the crop")
    given = parser.parse_args()
    registry = discover()
    chain = bind_chain(registry, parse_chain("bicubic"), SCALE)
    pictures = open_picture_set(given.folder, paired=given.stored, scale=SCALE).pictures
    augment = bind_augment(registry, parse_chain("flip | turn"))
    rule = CropRule(PATCH, SCALE, 0 if given.stored else chain.margin, 0, augment)
    lr_maker = LrMaker(None if given.stored else build_degradation(chain))
    keep_freed_memory()  # as a run does
    dataset = CropDataset(pictures, rule)
    batches = training_batches(dataset, batch_indices(0, 10**9, BATCH), workers=0, pin=False)
    rng = torch.Generator()
    while turns.begin():
        began = time.process_time()
        for _ in range(BATCHES):
            make_examples(next(batches), rule, lr_maker, rng)
        turns.end(seconds=(time.process_time() - began) / BATCHES)


if __name__ == "__main__":
    main()
