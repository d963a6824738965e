"""Which learnt numbers do the metrics read, and where are they published?"""

from typing import Final

from srkit_core.specs import Packaged, WeightsFile, WeightsSpec

PRISTINE: Final = WeightsSpec(
    name="niqe-pristine",
    files=(
        WeightsFile(
            sha256="2a7c182a68c9e7f1b2e2e5ec723279d6f65d912b6fcaf37eb2bf03d7367c4296",
            size=11_850,
            sources=(
                Packaged(
                    project="basicsr",
                    archive="basicsr-1.4.2.tar.gz",
                    sha256="b89b595a87ef964cda9913b4d99380ddb6554c965577c0c10cb7b78e31301e87",
                    member="basicsr-1.4.2/basicsr/metrics/niqe_pris_params.npz",
                ),
            ),
        ),
    ),
    licence="Apache-2.0 (BasicSR), of LIVE's release (any use, with its notice and "
    "acknowledgement)",
    summary="statistics of pristine pictures that NIQE compares with",
    source="Mittal et al. 2013, NIQE Software Release, as BasicSR 1.4.2 carries them",
)
DISTS_WEIGHTS: Final = WeightsSpec(
    name="dists",
    files=(
        WeightsFile(
            sha256="f5e65c96230b7f6ca995691647d482237e4cab8a50c5c4a5784f219ef0748218",
            size=12_288,
            sources=(
                Packaged(
                    project="dists-pytorch",
                    archive="DISTS_pytorch-0.1-py3-none-any.whl",
                    sha256="73e54ce13e7cf3ca962ee8e433d129884ec3dc75e00a27af90525e1da760ac61",
                    member="DISTS_pytorch/weights.pt",
                ),
            ),
        ),
    ),
    licence="MIT",
    summary="weights of texture and structure that DISTS was trained to",
    source="Ding et al. 2020, the authors' own, DISTS_pytorch 0.1",
)
