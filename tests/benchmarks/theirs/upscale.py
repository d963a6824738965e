"""Which process upscales a picture file with Real-ESRGAN, once a turn, or a folder of them once?

`RealESRGANer` as its own script uses it: read by OpenCV, enhanced, written as PNG.
"""

import argparse
import contextlib
import io
import warnings
from pathlib import Path

from tests.benchmarks.turns import Turns, serve

turns = Turns()
warnings.filterwarnings("ignore")

import cv2  # noqa: E402
from basicsr.archs.rrdbnet_arch import RRDBNet  # noqa: E402
from realesrgan import RealESRGANer  # noqa: E402
from realesrgan.archs.srvgg_arch import SRVGGNetCompact  # noqa: E402


def network(name, size):
    if name == "rrdb":
        return RRDBNet(num_in_ch=3, num_out_ch=3, num_feat=64, num_block=size, scale=4)
    return SRVGGNetCompact(3, 3, num_feat=64, num_conv=size, upscale=4, act_type="prelu")


def enlarge(upsampler, picture, out):
    lr = cv2.imread(str(picture), cv2.IMREAD_UNCHANGED)
    with contextlib.redirect_stdout(io.StringIO()):
        larger, _ = upsampler.enhance(lr, outscale=4)
    cv2.imwrite(str(out), larger)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", choices=["rrdb", "srvgg"])
    parser.add_argument("size", type=int)
    parser.add_argument("weights")
    parser.add_argument("picture", type=Path, help="a file, or with --out a folder")
    parser.add_argument("--tile", type=int, default=0)
    parser.add_argument("--out", type=Path, help="upscale a folder into this one, without turns")
    given = parser.parse_args()
    upsampler = RealESRGANer(
        scale=4,
        model_path=given.weights,
        model=network(given.network, given.size),
        tile=given.tile,
        half=False,
        device="cpu",
    )
    if given.out:
        given.out.mkdir()
        for picture in sorted(given.picture.iterdir()):
            enlarge(upsampler, picture, given.out / f"{picture.stem}.png")
    else:
        serve(turns, lambda: enlarge(upsampler, given.picture, "larger.png"))


if __name__ == "__main__":
    main()
