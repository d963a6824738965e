"""How does a model become a file that other tools open?"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from srkit_core.errors import RecipeError
from srkit_core.export.export_options import ENDINGS, ExportFormat, ExportOptions
from srkit_core.export.model_entry import left_to_people, model_entry, written_entry
from srkit_core.export.onnx_file import check_onnx, write_onnx
from srkit_core.export.openvino_file import check_openvino, weights_beside, write_openvino
from srkit_core.export.pth_file import write_pth
from srkit_core.export.published_tensors import published_tensors
from srkit_core.export.safetensors_file import write_safetensors
from srkit_core.io.atomic import write_bytes, write_text
from srkit_core.io.output_files import check_outputs
from srkit_core.models.find_model import ModelLike, load_model
from srkit_core.models.locate_weights import locate_weights
from srkit_core.models.model import Model
from srkit_core.models.weights_card import Card, is_ours, read_card
from srkit_core.pretrained import DownloadProgress
from srkit_core.registry import Registry, discover


@dataclass(frozen=True)
class ExportedModel:
    """The files that were written, and what there is to say of them; `difference` is the largest
    one between what the file and torch compute, of values in [0, 1], where that was measured.
    """

    files: tuple[Path, ...]
    notes: tuple[str, ...]
    difference: float | None = None


def export_model(
    model: ModelLike,
    to: ExportFormat,
    out: Path,
    options: ExportOptions | None = None,
    *,
    overwrite: bool = False,
    registry: Registry | None = None,
    report: DownloadProgress | None = None,
    note: Callable[[str], None] | None = None,
) -> ExportedModel:
    """Write a model, which any word for one names, as a file that other tools open.

    `safetensors` and `pth` hold the tensors under the names of the project that published the
    network, `onnx` and `openvino` are graphs with free batch and sides, verified on two sizes, and
    `openmodeldb` is the entry of that database about the files beside it. `report` is told of a
    download, `note` of what was chosen. Raises RecipeError for an `out` that is there or has
    another ending, IncompatibleError where no other tool opens the network so, what is written
    computes something else, or a library is missing, and what `load_model` raises.
    """
    options, registry = options or ExportOptions(), registry or discover()
    options.check(to)
    files = _files(out, to)
    check_outputs(files, overwrite=overwrite)
    loaded = load_model(model, device="cpu", registry=registry, report=report, note=note)
    if to in ("onnx", "openvino"):
        return _graph(loaded, to, files, options)
    published = published_tensors(loaded, registry)
    notes = [f"names and ranges are those of {published.layout.source}"]
    if to == "safetensors":
        write_safetensors(out, loaded, published, options)
    elif to == "pth":
        write_pth(out, published, options.key)
    else:
        entry = model_entry(out, loaded, published, _card(model, registry), options)
        write_text(out, written_entry(entry))
        notes = [f"left to fill in: {', '.join(left_to_people(entry))}"]
    return ExportedModel(files, tuple(notes))


def _files(out: Path, to: ExportFormat) -> tuple[Path, ...]:
    if out.suffix != ENDINGS[to]:
        better = out.with_suffix(ENDINGS[to])
        raise RecipeError(f"--out {out} does not end in {ENDINGS[to]}", hint=f"--out {better}")
    return (out, weights_beside(out)) if to == "openvino" else (out,)


def _graph(
    model: Model, to: ExportFormat, files: tuple[Path, ...], options: ExportOptions
) -> ExportedModel:
    """Write a graph elsewhere, and where it is wanted if it computes what the model does."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"model{ENDINGS[to]}"
        if to == "onnx":
            write_onnx(model, path)
            difference = check_onnx(model, path)
        else:
            write_openvino(model, path, options.precision)
            difference = check_openvino(model, path)
        for file in reversed(files):
            write_bytes(file, path.with_suffix(file.suffix).read_bytes())
    inside = "input lr (batch, 3, height, width) in [0, 1], output sr"
    return ExportedModel(files, (inside,), difference)


def _card(model: ModelLike, registry: Registry) -> Card | None:
    """Return what a weights file of srkit says of its training; None for others."""
    located = None if isinstance(model, Model) else locate_weights(model, registry)
    if located is None or not located.path.is_file() or not is_ours(located.path):
        return None
    return read_card(located.path)
