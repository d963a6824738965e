"""Which files are there to export to, and what can be said of one?"""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from srkit_core.errors import RecipeError

ExportFormat: TypeAlias = Literal["safetensors", "pth", "onnx", "openvino", "openmodeldb"]
"""What a model is exported to."""
TableKey: TypeAlias = Literal["params", "params_ema", "none"]
"""Under which key the tensors lie in a .pth file; `none`: under no key."""
StoredPrecision: TypeAlias = Literal["fp32", "fp16"]
"""How an OpenVINO file stores its numbers."""

ENDINGS: Final[dict[ExportFormat, str]] = {
    "safetensors": ".safetensors",
    "pth": ".pth",
    "onnx": ".onnx",
    "openvino": ".xml",
    "openmodeldb": ".json",
}
"""The ending of the file of each."""


@dataclass(frozen=True)
class ExportOptions:
    """What is written beside the tensors.

    `title` (by default the name of the file), `author` and `licence` are of `safetensors` and
    `openmodeldb`, `key` of `pth`, `precision` of `openvino`.
    """

    title: str = ""
    author: str = ""
    licence: str = ""
    key: TableKey = "params"
    precision: StoredPrecision = "fp32"

    def check(self, to: ExportFormat) -> None:
        """Raise RecipeError for an option that the format does not take."""
        for name, formats in _FORMATS_OF.items():
            if getattr(self, name) != getattr(_USUAL, name) and to not in formats:
                raise RecipeError(
                    f"--{name} is of {' and '.join(formats)}, not of {to}",
                    hint=f"leave --{name} out",
                )


_USUAL: Final = ExportOptions()
_FORMATS_OF: Final[dict[str, tuple[ExportFormat, ...]]] = {
    "title": ("safetensors", "openmodeldb"),
    "author": ("safetensors", "openmodeldb"),
    "licence": ("safetensors", "openmodeldb"),
    "key": ("pth",),
    "precision": ("openvino",),
}
