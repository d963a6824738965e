"""Which process scores a pair of pictures with the peers, once a turn?

BasicSR's `calculate_psnr` and `calculate_ssim` on luma with border 4, and the package lpips (its
trunk with random weights, which changes no time).
"""

import argparse
import warnings

from tests.benchmarks.turns import Turns, serve

turns = Turns()
warnings.filterwarnings("ignore")

import cv2  # noqa: E402


def lpips_of(sr, hr):
    import lpips
    import torch

    distance = lpips.LPIPS(net="alex", pnet_rand=True, lpips=True, verbose=False).eval()
    pictures = [torch.from_numpy(one[..., ::-1].copy()).permute(2, 0, 1)[None] for one in (sr, hr)]

    def work():
        with torch.no_grad():
            distance(*(one.float() / 127.5 - 1 for one in pictures)).item()

    return work


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("metric", choices=["psnr", "ssim", "lpips"])
    parser.add_argument("sr")
    parser.add_argument("hr")
    given = parser.parse_args()
    sr, hr = (cv2.imread(path, cv2.IMREAD_COLOR) for path in (given.sr, given.hr))
    if given.metric == "lpips":
        work = lpips_of(sr, hr)
    else:
        from basicsr.metrics import calculate_psnr, calculate_ssim

        measure = {"psnr": calculate_psnr, "ssim": calculate_ssim}[given.metric]

        def work():
            measure(sr, hr, crop_border=4, test_y_channel=True)

    serve(turns, work, times=5)


if __name__ == "__main__":
    main()
