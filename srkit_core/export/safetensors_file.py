"""How are tensors written as safetensors, with the metadata of ModelSpec?"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from safetensors.torch import save
from torch import Tensor

from srkit_core.export.export_options import ExportOptions
from srkit_core.export.published_tensors import PublishedTensors
from srkit_core.io.atomic import write_bytes
from srkit_core.models.model import Model

_STANDARD: Final = "1.0.0"
"""Version of the standard of Stability AI, https://github.com/Stability-AI/ModelSpec, that the keys
`modelspec.` follow.
"""
_LENGTH_BYTES: Final = 8
"""A safetensors file begins with the length of its header."""


def write_safetensors(
    path: Path, model: Model, published: PublishedTensors, options: ExportOptions
) -> None:
    """Write tensors as safetensors, whose metadata says by ModelSpec's keys what they are."""
    said = {
        "sai_model_spec": _STANDARD,
        "architecture": published.layout.architecture or published.layout.name,
        "implementation": published.layout.source,
        "title": options.title or path.stem,
        "description": f"{model.bound.component.spec.summary}, x{model.scale}",
        "author": options.author,
        "license": options.licence,
        "date": datetime.now(UTC).date().isoformat(),
        "hash_sha256": f"0x{_digest(published.tensors)}",
    }
    metadata = {f"modelspec.{key}": value for key, value in said.items() if value}
    write_bytes(path, save(published.tensors, metadata={"format": "pt", **metadata}))


def _digest(tensors: Mapping[str, Tensor]) -> str:
    """Return the sha256 of all that follows the header of a safetensors file."""
    content = save(dict(tensors))
    header = int.from_bytes(content[:_LENGTH_BYTES], "little")
    return hashlib.sha256(memoryview(content)[_LENGTH_BYTES + header :]).hexdigest()
