"""How do the published files name the tensors of RRDBNet?"""

import re
from collections.abc import Mapping
from typing import Any, Final

from srkit_core.specs import LayoutSpec, Shapes, numbered

_SCALE_OF_INPUT: Final = {3: 4, 12: 2, 48: 1}
"""Channels of the first convolution, which pixel-unshuffle folds LR into, and the scale they are
for.
"""

_SMALL: Final = "rrdb(blocks=1, features=8, growth=4, upsampler=nearest)"
_DENSE_BLOCKS: Final = 3
_CONVOLUTIONS: Final = 5
"""Dense blocks of a block, and convolutions of each: Wang et al. 2018, figure 4."""
_INSIDE_2018 = r"RDB(\d)\.conv(\d)"


def _options_of_file(shapes: Shapes) -> dict[str, Any]:
    features, inputs = shapes["conv_first.weight"][:2]
    if inputs not in _SCALE_OF_INPUT or "conv_up2.weight" not in shapes:
        raise ValueError(
            f"its first convolution takes {inputs} channels, or it has a single upsampling stage"
        )
    return {
        "scale": _SCALE_OF_INPUT[inputs],
        "blocks": numbered(shapes, "body"),
        "features": features,
        "growth": shapes["body.0.rdb1.conv1.weight"][0],
        "upsampler": "pixelshuffle" if shapes["conv_up1.weight"][0] == 4 * features else "nearest",
        "attention": _attention(shapes),
    }


def _attention(shapes: Shapes) -> str:
    if "body.0.attention.gamma" in shapes:
        return "self"
    return "channel" if "body.0.attention.squeeze.weight" in shapes else "none"


def _in_body(place: re.Match[str]) -> str:
    """Name a convolution of the body by its place in the order of execution."""
    block, inside = divmod(int(place[1]) - 1, _DENSE_BLOCKS * _CONVOLUTIONS)
    dense, convolution = divmod(inside, _CONVOLUTIONS)
    return f"body.{block}.rdb{dense + 1}.conv{convolution + 1}.{place[2]}"


def _write(options: Mapping[str, Any], tensors: Mapping[str, Any]) -> Mapping[str, Any]:
    wanted = {"upsampler": "nearest", "attention": "none"}
    changes = [f"{name}={value}" for name, value in wanted.items() if options[name] != value]
    if changes:
        raise ValueError(f"ESRGAN's RRDBNet has {' and '.join(changes)}")
    return tensors


RRDB_LAYOUTS: Final = [
    LayoutSpec(
        name="esrgan",
        generator="rrdb",
        marks=(r"conv_first\.weight", r"body\.0\.rdb1\.conv1\.weight", r"conv_up1\.weight"),
        options=_options_of_file,
        small=_SMALL,
        write=_write,
        architecture="esrgan",
        source="RRDBNet of BasicSR from version 1.0 and of Real-ESRGAN",
    ),
    LayoutSpec(
        name="esrgan-2019",
        generator="rrdb",
        marks=(r"conv_first\.weight", r"RRDB_trunk\.0\.RDB1\.conv1\.weight", r"upconv1\.weight"),
        renames=(
            (rf"RRDB_trunk\.(\d+)\.{_INSIDE_2018}\.(.*)", r"body.\1.rdb\2.conv\3.\4"),
            (r"trunk_conv\.(.*)", r"conv_body.\1"),
            (r"upconv(\d)\.(.*)", r"conv_up\1.\2"),
            (r"HRconv\.(.*)", r"conv_hr.\1"),
        ),
        options=_options_of_file,
        small=_SMALL,
        source="RRDBNet of the code of ESRGAN (Wang et al. 2018)",
    ),
    LayoutSpec(
        name="esrgan-2018",
        generator="rrdb",
        marks=(
            r"model\.0\.weight",
            r"model\.1\.sub\.0\.RDB1\.conv1\.0\.weight",
            r"model\.3\.weight",
            r"model\.10\.weight",
        ),
        renames=(
            (r"model\.0\.(.*)", r"conv_first.\1"),
            (rf"model\.1\.sub\.(\d+)\.{_INSIDE_2018}\.0\.(.*)", r"body.\1.rdb\2.conv\3.\4"),
            (r"model\.1\.sub\.\d+\.(weight|bias)", r"conv_body.\1"),
            (r"model\.3\.(.*)", r"conv_up1.\1"),
            (r"model\.6\.(.*)", r"conv_up2.\1"),
            (r"model\.8\.(.*)", r"conv_hr.\1"),
            (r"model\.10\.(.*)", r"conv_last.\1"),
        ),
        options=_options_of_file,
        small=_SMALL,
        source="RRDB_Net of the first code of ESRGAN, in which the published "
        "RRDB_ESRGAN_x4_old_arch.pth is kept",
    ),
    LayoutSpec(
        name="esrgan-ncnn",
        generator="rrdb",
        marks=(r"ncnn\.0\.\d+\.weight", r"ncnn\.1\.\d+\.bias"),
        renames=(
            (r"ncnn\.0\.\d+\.(.*)", r"conv_first.\1"),
            (r"ncnn\.\d+\.4\.(.*)", r"conv_body.\1"),
            (r"ncnn\.\d+\.3\.(.*)", r"conv_up1.\1"),
            (r"ncnn\.\d+\.2\.(.*)", r"conv_up2.\1"),
            (r"ncnn\.\d+\.1\.(.*)", r"conv_hr.\1"),
            (r"ncnn\.\d+\.0\.(.*)", r"conv_last.\1"),
            (r"ncnn\.(\d+)\.\d+\.(.*)", _in_body),
        ),
        options=_options_of_file,
        small=_SMALL,
        source="RRDBNet as ncnn keeps it: convolutions in the order of execution, without names",
    ),
]
"""Names under which other projects store the tensors of RRDBNet."""
