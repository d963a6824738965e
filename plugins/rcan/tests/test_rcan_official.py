"""Does a file of the authors compute here what their own code makes of it?"""

import pytest
import torch
from shifted_networks import OfficialTable

from srkit_core import load_model

GROUPS, BLOCKS, FEATURES, REDUCTION = 2, 2, 16, 4


def layers(layer):
    for group in range(GROUPS):
        for block in range(BLOCKS):
            inside, less = f"body.{group}.body.{block}.body", FEATURES // REDUCTION
            layer(f"{inside}.0", FEATURES, FEATURES)
            layer(f"{inside}.2", FEATURES, FEATURES)
            layer(f"{inside}.3.conv_du.0", less, FEATURES, 1)
            layer(f"{inside}.3.conv_du.2", FEATURES, less, 1)
        layer(f"body.{group}.body.{BLOCKS}", FEATURES, FEATURES)
    layer(f"body.{GROUPS}", FEATURES, FEATURES)


def official_block(conv, name, x):
    y = conv(f"{name}.2", conv(f"{name}.0", x).relu())
    less = conv(f"{name}.3.conv_du.0", y.mean((2, 3), keepdim=True), 0).relu()
    return x + y * conv(f"{name}.3.conv_du.2", less, 0).sigmoid()


def official_body(conv, x):
    for group in range(GROUPS):
        begun = x
        for block in range(BLOCKS):
            x = official_block(conv, f"body.{group}.body.{block}.body", x)
        x = conv(f"body.{group}.body.{BLOCKS}", x) + begun
    return conv(f"body.{GROUPS}", x)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_a_file_of_the_authors_makes_their_picture(tmp_path, scale):
    table = OfficialTable(scale, FEATURES, layers)
    torch.save(dict(table), tmp_path / "rcan.pt")
    model = load_model(tmp_path / "rcan.pt", device="cpu")
    lr = torch.rand(1, 3, 13, 11, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        wanted = table.upscaled(lr * 255, scale, official_body) / 255
        assert (model(lr) - wanted).abs().max().item() < 1e-5
    assert (model.scale, model.bound.options["img_range"]) == (scale, 255.0)
