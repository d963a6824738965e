"""Which process makes LR of a batch with srkit, once a turn?

`realesrgan` of sharpened HR, as the recipe `realesrgan` has it, on crops of 256 with the margin
around them, 400 pixels; or any other chain.
"""

import argparse

from tests.benchmarks.turns import Turns, serve

turns = Turns()

import torch  # noqa: E402

from srkit_core.chain import bind_chain  # noqa: E402
from srkit_core.expressions import parse_chain  # noqa: E402
from srkit_core.models.build import build_degradation  # noqa: E402
from srkit_core.registry import discover  # noqa: E402


def main() -> None:
    """Degrade until nobody asks any more."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("chain")
    parser.add_argument("--target", help="a chain that happens to HR first")
    parser.add_argument("--side", type=int, default=400)
    parser.add_argument("--batch", type=int, default=4)
    given = parser.parse_args()
    registry, rng = discover(), torch.Generator().manual_seed(0)
    degrade = build_degradation(bind_chain(registry, parse_chain(given.chain), 4))
    target = given.target and build_degradation(bind_chain(registry, parse_chain(given.target), 1))
    hr = torch.rand(given.batch, 3, given.side, given.side)

    def work() -> None:
        with torch.no_grad():
            degrade(target(hr, rng=rng) if target else hr, rng=rng)

    serve(turns, work)


if __name__ == "__main__":
    main()
