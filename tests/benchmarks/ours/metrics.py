"""Which process scores a pair of pictures with srkit, once a turn?

The metrics that `srkit eval` builds, under its protocol: luma, border 4, 8 bit; `lpips` sees RGB.
"""

import argparse
from pathlib import Path

from tests.benchmarks.turns import Turns, serve

turns = Turns()

import torch  # noqa: E402

from srkit_core.evaluation.protocol import Protocol  # noqa: E402
from srkit_core.evaluation.scoring import build_metrics  # noqa: E402
from srkit_core.expressions import parse_sum  # noqa: E402
from srkit_core.io.images import read_image, to_unit  # noqa: E402
from srkit_core.metric_binding import bind_metrics  # noqa: E402
from srkit_core.registry import discover  # noqa: E402


def main() -> None:
    """Score until nobody asks any more."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("metric")
    parser.add_argument("sr", type=Path)
    parser.add_argument("hr", type=Path)
    given = parser.parse_args()
    (metric,) = build_metrics(bind_metrics(discover(), parse_sum(given.metric)))
    sr, hr = (to_unit(torch.from_numpy(read_image(path))[None]) for path in (given.sr, given.hr))
    protocol = Protocol("y", 4)
    prepare = protocol.whole if metric.spec.domain == "rgb" else protocol.prepare

    def work() -> None:
        with torch.no_grad():
            value.append(float(metric.measure(prepare(sr), prepare(hr))))

    value: list[float] = []
    serve(turns, work, times=5)


if __name__ == "__main__":
    main()
