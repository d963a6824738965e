"""Does a file of the authors compute here what their own code makes of it?"""

import pytest
import torch
from torch.nn.functional import conv2d, pixel_shuffle

from srkit_core import load_model

MEAN = torch.tensor([0.4488, 0.4371, 0.4040])
FACTORS = {2: (2,), 3: (3,), 4: (2, 2)}


def official_table(scale, groups, blocks, features, reduction):
    """Return random tensors under the names and in the shapes of the authors' code."""
    draw = torch.Generator().manual_seed(scale)

    def layer(name, outputs, inputs, side=3):
        weight = torch.randn(outputs, inputs, side, side, generator=draw)
        bias = torch.randn(outputs, generator=draw)
        return {f"{name}.weight": weight / (inputs * side**2) ** 0.5, f"{name}.bias": bias / 10}

    table = {}
    for name, sign in (("sub_mean", -1), ("add_mean", 1)):
        table[f"{name}.weight"] = torch.eye(3).view(3, 3, 1, 1)
        table[f"{name}.bias"] = sign * 255 * MEAN
    table |= layer("head.0", features, 3)
    for group in range(groups):
        for block in range(blocks):
            inside, less = f"body.{group}.body.{block}.body", features // reduction
            table |= layer(f"{inside}.0", features, features)
            table |= layer(f"{inside}.2", features, features)
            table |= layer(f"{inside}.3.conv_du.0", less, features, 1)
            table |= layer(f"{inside}.3.conv_du.2", features, less, 1)
        table |= layer(f"body.{group}.body.{blocks}", features, features)
    table |= layer(f"body.{groups}", features, features)
    for number, factor in enumerate(FACTORS[scale]):
        table |= layer(f"tail.0.{2 * number}", features * factor**2, features)
    return table | layer("tail.1", 3, features)


def official(table, lr, scale, groups, blocks):
    """Compute SR of LR in [0, 255] in the order of the authors' code."""

    def conv(name, x, padding=1):
        return conv2d(x, table[f"{name}.weight"], table[f"{name}.bias"], padding=padding)

    def block(name, x):
        y = conv(f"{name}.2", conv(f"{name}.0", x).relu())
        means = y.mean((2, 3), keepdim=True)
        return (
            x
            + y
            * conv(f"{name}.3.conv_du.2", conv(f"{name}.3.conv_du.0", means, 0).relu(), 0).sigmoid()
        )

    x = head = conv("head.0", conv("sub_mean", lr, 0))
    for group in range(groups):
        begun = x
        for number in range(blocks):
            x = block(f"body.{group}.body.{number}.body", x)
        x = conv(f"body.{group}.body.{blocks}", x) + begun
    x = conv(f"body.{groups}", x) + head
    for number, factor in enumerate(FACTORS[scale]):
        x = pixel_shuffle(conv(f"tail.0.{2 * number}", x), factor)
    return conv("add_mean", conv("tail.1", x), 0)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_a_file_of_the_authors_makes_their_picture(tmp_path, scale):
    table = official_table(scale, groups=2, blocks=2, features=16, reduction=4)
    torch.save(table, tmp_path / "rcan.pt")
    model = load_model(tmp_path / "rcan.pt", device="cpu")
    lr = torch.rand(1, 3, 13, 11, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        wanted = official(table, lr * 255, scale, groups=2, blocks=2) / 255
        assert (model(lr) - wanted).abs().max().item() < 1e-5
    assert (model.scale, model.bound.options["img_range"]) == (scale, 255.0)
