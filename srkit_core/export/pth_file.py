"""How are tensors written as .pth, the one pickle that srkit writes?"""

import io
from pathlib import Path

import torch

from srkit_core.export.export_options import TableKey
from srkit_core.export.published_tensors import PublishedTensors
from srkit_core.io.atomic import write_bytes


def write_pth(path: Path, published: PublishedTensors, key: TableKey) -> None:
    """Write tensors by `torch.save`, as a table under `key`, and nothing else: which is a pickle,
    because BasicSR and others open no other file. `torch.load(weights_only=True)`
    reads it.
    """
    content = published.tensors if key == "none" else {key: published.tensors}
    buffer = io.BytesIO()
    torch.save(content, buffer)
    write_bytes(path, buffer.getbuffer())
