"""Does a file of the authors compute here what their own code makes of it?"""

import pytest
import torch
from torch.nn.functional import conv2d, pixel_shuffle

from srkit_core import load_model
from srkit_core.expressions import parse_call
from srkit_edsr import edsr
from srkit_edsr.edsr_weights import EDSR_WEIGHTS

LARGE = {"blocks": 32, "features": 256, "res_scale": 0.1}
MEAN = torch.tensor([0.4488, 0.4371, 0.4040])


def official_table(scale, blocks, features):
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
    for block in range(blocks):
        for place in (0, 2):
            table |= layer(f"body.{block}.body.{place}", features, features)
    table |= layer(f"body.{blocks}", features, features)
    factors = {2: (2,), 3: (3,), 4: (2, 2)}[scale]
    for number, factor in enumerate(factors):
        table |= layer(f"tail.0.{2 * number}", features * factor**2, features)
    return table | layer("tail.1", 3, features)


def official(table, lr, scale, blocks, res_scale):
    """Compute SR of LR in [0, 255] in the order of the authors' code."""

    def conv(name, x, padding=1):
        return conv2d(x, table[f"{name}.weight"], table[f"{name}.bias"], padding=padding)

    x = head = conv("head.0", conv("sub_mean", lr, 0))
    for block in range(blocks):
        branch = conv(f"body.{block}.body.2", conv(f"body.{block}.body.0", x).relu())
        x = x + branch * res_scale
    x = conv(f"body.{blocks}", x) + head
    for number, factor in enumerate({2: (2,), 3: (3,), 4: (2, 2)}[scale]):
        x = pixel_shuffle(conv(f"tail.0.{2 * number}", x), factor)
    return conv("add_mean", conv("tail.1", x), 0)


@pytest.mark.parametrize(
    ("scale", "blocks", "features", "res_scale"),
    [(2, 2, 16, 1.0), (3, 2, 16, 1.0), (4, 2, 16, 1.0), (2, 1, 256, 0.1)],
)
def test_a_file_of_the_authors_makes_their_picture(tmp_path, scale, blocks, features, res_scale):
    table = official_table(scale, blocks, features)
    torch.save(table, tmp_path / "edsr.pt")
    model = load_model(tmp_path / "edsr.pt", device="cpu")
    lr = torch.rand(1, 3, 13, 11, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        wanted = official(table, lr * 255, scale, blocks, res_scale) / 255
        assert (model(lr) - wanted).abs().max().item() < 1e-5
    assert (model.scale, model.bound.options["res_scale"]) == (scale, res_scale)


@pytest.mark.parametrize("known", EDSR_WEIGHTS, ids=lambda one: one.name)
def test_what_is_announced_is_the_network_of_the_paper(known):
    options = {} if "baseline" in known.name else LARGE
    with torch.device("meta"):
        network = edsr(scale=known.scale, **options)
    assert sum(one.numel() for one in network.parameters()) == known.parameters
    assert dict(parse_call(known.generator).options) == options
    homes = [(one.url, file.sha256) for file in known.files for one in file.sources]
    assert homes
    for url, digest in homes:  # the authors' names end in the first digits
        assert url.endswith(f"-{digest[:8]}.pt") == ("cv.snu.ac.kr" in url)
