"""What happens in a process of its own when a distribution is asked what it announces?

Run by `announcement`, which reads the report. Without torch or numpy: whether they are imported is
what is looked at.
"""

import importlib
import json
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from srkit_core.binding import bind
from srkit_core.errors import SrkitError
from srkit_core.expressions import parse_call
from srkit_core.hooks import ENTRY_POINT_GROUP
from srkit_core.options import options_of
from srkit_core.plugin_loading import LoadedPlugin, Problem, distribution_of, load_plugin
from srkit_core.registry import Registry
from srkit_core.specs import CONTEXT, AnnouncedSpec, ComponentSpec
from srkit_core.testing.surroundings import OF_PYTHON, modules_and_classes, watched

HEAVY = frozenset(
    {
        "torch",
        "torchvision",
        "torchaudio",
        "numpy",
        "scipy",
        "PIL",
        "cv2",
        "skimage",
        "sklearn",
        "imageio",
        "imagecodecs",
        "rawpy",
        "pillow_heif",
        "tifffile",
        "matplotlib",
        "accelerate",
        "safetensors",
        "timm",
        "transformers",
        "diffusers",
        "kornia",
        "lpips",
        "pyiqa",
        "pandas",
        "tensorflow",
        "jax",
        "numba",
        "onnx",
        "onnxruntime",
        "openvino",
        "dask",
        "distributed",
    }
)
"""What an announcement may not import: torch, numpy and image libraries, and what imports them."""


def main(distribution: str, paths: str, report: str) -> None:
    """Look at a distribution, found on a list of paths (JSON), and write a report (JSON)."""
    sys.path[:] = json.loads(paths)
    points = [
        point
        for point in entry_points(group=ENTRY_POINT_GROUP)
        if distribution in (distribution_of(point)[0], point.dist.name if point.dist else "")
    ]
    Path(report).write_text(json.dumps(_seen(points)), encoding="utf-8")


def _seen(points: Sequence[EntryPoint]) -> dict[str, Any]:
    owners = modules_and_classes("srkit_core", "pluggy", "builtins")
    cpu, wall = time.process_time(), time.perf_counter()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        with watched(OF_PYTHON, owners) as facts:
            loaded = [load_plugin(point) for point in points]
    times = time.process_time() - cpu, time.perf_counter() - wall
    heavy = _heavy()
    specs = [spec for one in loaded if isinstance(one, LoadedPlugin) for spec in one.specs]
    words = [fault for spec in specs for fault in _word_faults(spec)]
    return {
        "problems": [one.error for one in loaded if isinstance(one, Problem)],
        "heavy": heavy,
        "facts": facts,
        "printed": "".join(one.printed for one in loaded if isinstance(one, LoadedPlugin)),
        "warned": [f"{one.category.__name__}: {one.message}" for one in warned],
        "cpu": times[0],
        "wall": times[1],
        "words": words,
        "heavy_words": sorted(set(_heavy()) - set(heavy)),
        "again": _again(points, specs),
    }


def _heavy() -> list[str]:
    return sorted({name.partition(".")[0] for name in sys.modules} & HEAVY)


def _word_faults(spec: AnnouncedSpec) -> Iterator[str]:
    """Say what of a spec cannot be read as srkit reads it before anything is built."""
    if not isinstance(spec, ComponentSpec):
        return
    yield from _raised(f"the options of {spec.name}", lambda: options_of(spec.factory))
    yield from _raised(f"the traits of {spec.name}", lambda: _read_traits(spec))


def _read_traits(spec: ComponentSpec) -> None:
    registry = Registry(()).with_components(spec)
    context = dict.fromkeys(CONTEXT, getattr(spec, "scales", (4,))[-1]) | {"patch": 32}
    try:
        bound = bind(registry, spec.kind, parse_call(spec.small or spec.name), context)
    except SrkitError:
        return  # what it nests is not here, or small is wrong, which another check tells
    for trait in (*spec.traits, "pretrained"):
        value = getattr(spec, trait)
        if callable(value):
            value(bound.arguments)


def _again(points: Sequence[EntryPoint], specs: list[AnnouncedSpec]) -> list[str]:
    """Say what differs when it is asked again, and imported again."""
    faults: list[str] = []
    names = [(spec.kind, spec.name) for spec in specs]
    second = [load_plugin(point) for point in points]
    faults += [one.error for one in second if isinstance(one, Problem)]
    now = [
        (spec.kind, spec.name)
        for one in second
        if isinstance(one, LoadedPlugin)
        for spec in one.specs
    ]
    if specs and not faults and now != names:
        faults.append(f"it announces {now} when it is asked again, and {names} before")
    for point in points:
        if point.module in sys.modules:
            again = partial(importlib.reload, sys.modules[point.module])
            faults += _raised("a second import", again)
    return faults


def _raised(what: str, act: Callable[[], object]) -> list[str]:
    try:
        act()
    except (Exception, SystemExit) as error:  # a plugin may raise anything
        line = traceback.format_exception_only(error)[-1].strip()
        return [f"{what}: {line}"]
    return []
