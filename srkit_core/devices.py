"""In which words does a person choose where and how exactly to compute?"""

from typing import Literal, TypeAlias

DeviceName: TypeAlias = Literal["auto", "cpu", "cuda", "mps"]
Precision: TypeAlias = Literal["fp32", "bf16", "fp16"]
PrecisionName: TypeAlias = Literal["auto", "fp32", "bf16", "fp16"]
