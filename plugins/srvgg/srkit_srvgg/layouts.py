"""How do the published files name the tensors of SRVGGNetCompact?"""

import re
from math import isqrt
from typing import Any, Final

from srkit_core.specs import LayoutSpec, Shapes, numbered


def _options(shapes: Shapes) -> dict[str, Any]:
    last = max(
        int(name.split(".")[1]) for name in shapes if re.fullmatch(r"body\.\d+\.weight", name)
    )
    return {
        "scale": isqrt(shapes[f"body.{last}.weight"][0] // 3),
        "features": shapes["body.0.weight"][0],
        "blocks": (numbered(shapes, "body") - 3) // 2,
    }


LAYOUTS: Final = [
    LayoutSpec(
        name="srvgg",
        generator="srvgg",
        marks=(r"body\.0\.weight", r"body\.1\.weight", r"body\.2\.weight", r"body\.2\.bias"),
        options=_options,
        source="SRVGGNetCompact of BasicSR and Real-ESRGAN",
    )
]
"""Other names for SRVGGNetCompact."""
