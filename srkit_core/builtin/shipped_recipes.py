"""Which recipes come with srkit?"""

from srkit_core.resources import bundled
from srkit_core.specs import RecipeSpec

_CSE_676 = "report of CSE 676"
_SRGAN_PROJECT = "Al-Harrem & Shehadeh"


def _recipe(name: str, summary: str, source: str, folder: str = "recipes") -> RecipeSpec:
    file = bundled(f"examples/{folder}") / f"{name}.toml"
    return RecipeSpec(name=name, file=file, summary=summary, source=source)


def _evaluation(name: str, summary: str, source: str) -> RecipeSpec:
    return _recipe(name, summary, source, "evaluations")


RECIPES = (
    _recipe(
        "demo",
        "what srkit demo runs: two stages on bundled photographs, about two minutes",
        "empirical",
    ),
    _recipe("photoreal", "a Real-ESRGAN-style GAN from scratch", "S. Mukherjee 2025"),
    _recipe("autoencoder", "a convolutional baseline", _CSE_676),
    _recipe("vanilla-gan", "an adversarial baseline without any other loss", _CSE_676),
    _recipe("srgan-6", "SRGAN with six blocks, for x4 or x2", _CSE_676),
    _recipe("esrgan", "ESRGAN in one stage, relativistic average", _CSE_676),
    _recipe(
        "paired-gan",
        "RRDB and a GAN on folders of HR and LR pictures",
        "a project report",
    ),
    _recipe(
        "srgan-tv",
        "SRGAN with VGG16 features and total variation",
        "a project report",
    ),
    _recipe("srgan-faces", "SRResNet, then SRGAN, on faces", _SRGAN_PROJECT),
    _recipe("srgan-natural", "SRResNet, then SRGAN, on natural pictures", _SRGAN_PROJECT),
    _recipe("realesrnet", "Real-ESRNet: L1 on twice degraded pictures", "Wang et al. 2021"),
    _recipe("realesrgan", "Real-ESRGAN: Real-ESRNet, then a GAN", "Wang et al. 2021"),
    _recipe("bsrgan", "BSRGAN: shuffled degradations, L1, then a GAN", "Zhang et al. 2021, KAIR"),
    _recipe(
        "srresnet",
        "SRResNet as its paper trained it: MSE",
        "Ledig et al. 2017",
    ),
    _recipe("msrresnet", "SRResNet without normalisation: L1, a moving average", "BasicSR"),
    _recipe("edsr", "EDSR, the large model: L1", "Lim et al. 2017"),
    _recipe("rcan", "RCAN, residual channel attention: L1", "Zhang et al. 2018"),
    _evaluation(
        "benchmark",
        "the field's four test sets at x4, beside bicubic",
        "sets and protocol of Lim et al. 2017, table 3",
    ),
    _evaluation(
        "cross-domain",
        "SRGANs of faces and of natural pictures, on Set14",
        f"{_SRGAN_PROJECT}, sections 8.1.2 and 8.2.1",
    ),
)
