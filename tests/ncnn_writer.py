"""How do ncnn's converters write a chain of convolutions and PReLUs, in fp16?"""

import struct

import numpy as np

HALF = 0x01306B47


def ncnn_files(folder, stem, state):
    """Write the tensors of a network in their order; return the paths of text and numbers."""
    lines, numbers = ["Input in0 0 1 in0 -23330=4,3,8,8,3"], b""
    weights = [name.removesuffix(".weight") for name in state if name.endswith(".weight")]
    for place, name in enumerate(weights):
        weight, bias = state[f"{name}.weight"], state.get(f"{name}.bias")
        kind, says, content = _layer(weight.numpy(), None if bias is None else bias.numpy())
        lines.append(f"{kind:<24} {kind}_{place} 1 1 {place} {place + 1} {says}")
        numbers += content
    lines.append(f"Interp up 1 1 {len(weights)} out 0=1 1=4.000000e+00")
    text = f"7767517\n{len(lines)} {len(lines)}\n" + "\n".join(lines) + "\n"
    paths = folder / f"{stem}.param", folder / f"{stem}.bin"
    paths[0].write_text(text, encoding="utf-8")
    paths[1].write_bytes(numbers)
    return paths


def _layer(weight, bias):
    if weight.ndim == 1:
        return "PReLU", f"0={len(weight)}", weight.astype("<f4").tobytes()
    outputs, _, height, width = weight.shape
    halves = weight.astype("<f2").tobytes()
    content = struct.pack("<I", HALF) + halves + b"\0" * (-len(halves) % 4)
    content += b"" if bias is None else bias.astype("<f4").tobytes()
    says = f"0={outputs} 1={width} 11={height} 4=1 5={int(bias is not None)} 6={np.size(weight)}"
    return "Convolution", f"{says} 9=2 -23310=1,2.000000e-01", content
