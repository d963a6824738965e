"""Do the components that come with srkit keep the contracts that plugins are held to?"""

from srkit_core.testing import (
    AdversarialLossContract,
    DegradationContract,
    GeneratorContract,
    MetricContract,
    ReferenceLossContract,
)


class TestL1(ReferenceLossContract):
    expression = "l1"


class TestMSE(ReferenceLossContract):
    expression = "mse"


class TestCharbonnier(ReferenceLossContract):
    expression = "charbonnier(eps=0.01)"


class TestHuber(ReferenceLossContract):
    expression = "huber(delta=0.1)"


class TestSSIMLoss(ReferenceLossContract):
    expression = "ssim"


class TestSSIMLossSmallWindow(ReferenceLossContract):
    expression = "ssim(window=5, sigma=1.0)"


class TestFFT(ReferenceLossContract):
    expression = "fft"


class TestFFTOrtho(ReferenceLossContract):
    expression = "fft(norm=ortho)"


class TestMSSSIM(ReferenceLossContract):
    expression = "msssim"


class TestMSSSIMOfTwoScales(ReferenceLossContract):
    expression = "msssim(weights=[0.4, 0.6], window=7, sigma=1.0)"


class TestLDL(ReferenceLossContract):
    expression = "ldl"


class TestGradientVariance(ReferenceLossContract):
    expression = "gradient-variance"


class TestFocalFrequency(ReferenceLossContract):
    expression = "focal-frequency"


class TestFocalFrequencySteep(ReferenceLossContract):
    expression = "focal-frequency(alpha=2, logarithm=true)"


class TestGAN(AdversarialLossContract):
    expression = "gan"


class TestGANSmoothed(AdversarialLossContract):
    expression = "gan(real_label=0.9, fake_label=0.1)"


class TestPSNR(MetricContract):
    expression = "psnr"


class TestSSIM(MetricContract):
    expression = "ssim"


class TestMultiScaleSSIM(MetricContract):
    expression = "msssim"


class TestBicubicDown(DegradationContract):
    expression = "bicubic"


class TestBicubicDownExact(DegradationContract):
    expression = "bicubic(factor=3, border=replicate, quantise=false)"


class TestBilinearDown(DegradationContract):
    expression = "bilinear"


class TestLanczosDown(DegradationContract):
    expression = "lanczos"


class TestNearestDown(DegradationContract):
    expression = "nearest"


class TestBicubicUp(GeneratorContract):
    expression = "bicubic"


class TestBicubicUpExact(GeneratorContract):
    expression = "bicubic(border=replicate, quantise=false)"


class TestBilinearUp(GeneratorContract):
    expression = "bilinear"


class TestLanczosUp(GeneratorContract):
    expression = "lanczos"


class TestNearestUp(GeneratorContract):
    expression = "nearest"
