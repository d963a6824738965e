"""What do people call a component, who learnt its name elsewhere?

Names of papers, of BasicSR and mmagic and of plain speech, as they are written in lower case and
without marks (`Real-ESRGAN` is `realesrgan`), with the names that components have.
"""

import difflib
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from srkit_core.specs import Kind

OTHER_NAMES: Final[Mapping[Kind, Mapping[str, tuple[str, ...]]]] = {
    "generator": {
        "rrdb": ("esrgan", "realesrgan", "rrdbnet", "bsrgan", "bsrnet", "realesrnet"),
        "srvgg": ("srvggnet", "srvggnetcompact", "compact"),
        "srresnet": ("msrresnet", "srgan"),
        "edsr": ("edsrbaseline",),
        "rcan": ("channelattention",),
        "autoencoder": ("ae",),
        "vanilla-gan": ("gan", "vanilla"),
        "bicubic": ("cubic", "bicubicinterpolation", "imresize"),
        "bilinear": ("linear",),
        "nearest": ("nearestneighbour", "nearestneighbor", "nn", "box"),
        "lanczos": ("lanczos3", "lanczos4"),
    },
    "discriminator": {
        "vgg": ("vggstylediscriminator", "vggdiscriminator", "srgan", "esrgan", "vgg128"),
        "vgg-sn": ("vggspectralnorm", "spectralnorm", "snvgg", "sn"),
        "unet-sn": ("unet", "unetdiscriminatorsn", "unetdiscriminator", "realesrgan"),
        "patch": ("patchgan", "patchdiscriminator", "nlayerdiscriminator", "pix2pix"),
        "multi-scale": ("multiscalediscriminator", "multiscalepatch", "ms"),
        "vanilla-gan": ("gan", "vanilla", "dcgan"),
    },
    "loss": {
        "l1": ("mae", "l1loss", "absolute", "pixel", "pix"),
        "mse": ("l2", "l2loss", "mseloss", "squared"),
        "charbonnier": ("charbonnierloss", "robust", "pseudohuber"),
        "huber": ("huberloss", "smoothl1"),
        "ssim": ("ssimloss", "dssim", "structural"),
        "msssim": ("msssimloss", "mssim", "multiscalessim"),
        "fft": ("fftloss", "frequency", "focalfrequency", "ffl", "fourier"),
        "gan": ("ganloss", "vanilla", "bce", "adversarial", "adv"),
        "ragan": ("relativistic", "relativisticgan", "rgan", "relativisticaverage"),
        "lsgan": ("leastsquares", "lsganloss"),
        "hinge": ("hingegan", "hingeloss"),
        "wgan": ("wasserstein", "wgangp", "wgansoftplus"),
        "vgg": ("perceptual", "perceptualloss", "vggloss", "content", "style", "feature", "vgg19"),
        "lpips": ("lpipsloss", "alex"),
        "tv": ("totalvariation", "weightedtvloss", "tvloss"),
    },
    "metric": {
        "psnr": ("psnry", "psnrb", "snr", "peaksignaltonoise"),
        "ssim": ("ssimy", "structuralsimilarity"),
        "msssim": ("mssim", "multiscalessim"),
        "lpips": ("lpipsalex", "lpipsvgg", "perceptual"),
        "niqe": ("naturalness",),
        "dists": ("dist",),
        "fid": ("frechet", "frechetinceptiondistance", "inception"),
        "topiq": ("topiqnr", "cfanet"),
        "musiq": ("musiqkoniq",),
        "clipiqa": ("clip",),
        "maniqa": ("maniqakoniq",),
        "kid": ("kernelinceptiondistance", "mmd"),
    },
    "degradation": {
        "bicubic": ("cubic", "downsample", "downscale", "imresize", "bi", "bd"),
        "bilinear": ("linear",),
        "nearest": ("nearestneighbour", "nearestneighbor", "nn"),
        "lanczos": ("lanczos3", "lanczos4"),
        "blur": ("gaussian", "gaussianblur", "gaussblur", "kernel"),
        "noise": ("gaussiannoise", "poisson", "poissonnoise", "awgn"),
        "jpeg": ("jpg", "jpegcompression", "compression"),
        "realesrgan": ("secondorder", "highorder", "realesrnet"),
        "bsrgan": ("bsrnet", "shuffled"),
        "sharpen": ("usm", "unsharp", "unsharpmask", "usmsharp"),
        "sinc": ("ringing",),
    },
}

PROVIDED_BY_NOTHING: Final = frozenset(
    {
        "swinir", "swin2sr", "hat", "dat", "drct", "atd", "restormer", "nafnet", "srcnn", "fsrcnn",
        "espcn", "vdsr", "drcn", "lapsrn", "dbpn", "rdn", "san", "han", "nlsn", "ipt", "elan",
        "cran", "rlfn", "rfdn", "imdn", "span", "spanplus", "safmn", "omnisr", "ditn", "craft",
        "grl", "mambair", "realcugan", "waifu2x", "stablesr", "supir", "diffbir", "resshift",
        "sr3", "srdiff", "ldm", "basicvsr", "edvr", "realbasicvsr", "gfpgan", "codeformer",
        "realsr", "realplksr", "plksr", "esc", "moesr", "upcunet", "brisque", "pi",
        "nrqm", "vif", "fsim", "contextual", "ffhq",
    }
)  # fmt: skip
"""Well-known names of the field that srkit's catalogue has nothing for."""


def plain(name: str) -> str:
    """Return a name as the table writes it: in lower case, without marks and a distribution."""
    return "".join(filter(str.isalnum, name.rpartition("/")[2].lower()))


def meant_by(kind: Kind, name: str) -> tuple[str, ...]:
    """Return the names of components that people mean by another name, the likeliest first."""
    wanted = plain(name)
    return tuple(
        own for own, others in OTHER_NAMES[kind].items() if wanted == plain(own) or wanted in others
    )


def near_names(kind: Kind, name: str, known: Collection[str]) -> list[str]:
    """Return known names that a person may have meant: those of the table, else those that are
    written alike.
    """
    meant = [one for one in meant_by(kind, name) if one in known]
    alike = [one for one in known if plain(one) == plain(name)]
    if meant or alike or plain(name) in PROVIDED_BY_NOTHING:
        return list(dict.fromkeys([*alike, *meant]))
    return written_alike(name, known)


def written_alike(name: str, known: Iterable[str]) -> list[str]:
    """Return known names that differ from one by a slip of the pen."""
    lower = {one.lower(): one for one in known}
    found = difflib.get_close_matches(name.lower(), lower, n=3, cutoff=0.6)
    return [lower[one] for one in found]
