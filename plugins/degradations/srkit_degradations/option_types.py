"""Which types do the options of the degradations have?"""

from typing import Annotated, Literal, TypeAlias

from srkit_core.interfaces import Between, Range

BlurKind: TypeAlias = Literal[
    "isotropic",
    "anisotropic",
    "generalised",
    "generalised-anisotropic",
    "plateau",
    "plateau-anisotropic",
    "sinc",
]
NoiseKind: TypeAlias = Literal["gaussian", "poisson"]
ResizeKernel: TypeAlias = Literal["area", "bilinear", "bicubic"]
Draw: TypeAlias = Literal["picture", "batch"]

NonNegative: TypeAlias = Annotated[float | Range, Between(low=0)]
Cutoff: TypeAlias = Annotated[float | Range, Between(low=0.01, high=3.15)]
Factor: TypeAlias = Annotated[float | Range, Between(low=0.05, high=4)]
KernelSize: TypeAlias = Annotated[int | Range, Between(low=1, high=99)]
Quality: TypeAlias = Annotated[int | Range, Between(1, 100)]
KernelShape: TypeAlias = Annotated[float | Range, Between(low=0.1, high=10)]
Probability: TypeAlias = Annotated[float, Between(0, 1)]
Weight: TypeAlias = Annotated[float, Between(low=0)]

NonNegativeRange: TypeAlias = Annotated[Range, Between(low=0)]
FactorRange: TypeAlias = Annotated[Range, Between(low=0.05, high=4)]
QualityRange: TypeAlias = Annotated[Range, Between(1, 100)]
SizeRange: TypeAlias = Annotated[Range, Between(low=1, high=99)]
ShapeRange: TypeAlias = Annotated[Range, Between(low=0.1, high=10)]
ShrinkRange: TypeAlias = Annotated[Range, Between(low=1, high=64)]

Probabilities: TypeAlias = tuple[Probability, Probability]
"""Of the first and of the second round."""

ThreeWeights: TypeAlias = tuple[Weight, Weight, Weight]
SixWeights: TypeAlias = tuple[Weight, Weight, Weight, Weight, Weight, Weight]
