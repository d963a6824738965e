"""What does fp32 mean in the convolutions of a GPU?"""

import torch

from srkit_core.devices import Precision


def tf32_note(precision: Precision, device: torch.device) -> str | None:
    """Return one sentence where torch rounds what convolutions in fp32 are given to TF32, which has
    10 bits of mantissa (torch's "CUDA semantics"; it does by default); None elsewhere.
    """
    if precision != "fp32" or device.type != "cuda" or not torch.backends.cudnn.allow_tf32:
        return None
    said = "convolutions round fp32 to TF32 on this GPU, as torch does; srkit eval does not"
    return said if torch.cuda.is_tf32_supported() else None
