"""Does a file of the authors compute here what their own code makes of it?"""

import pytest
import torch
from shifted_networks import OfficialTable

from srkit_core import load_model
from srkit_core.expressions import parse_call
from srkit_edsr import edsr
from srkit_edsr.edsr_weights import EDSR_WEIGHTS

LARGE = {"blocks": 32, "features": 256, "res_scale": 0.1}


def official_table(scale, blocks, features):
    def body(layer):
        for block in range(blocks):
            for place in (0, 2):
                layer(f"body.{block}.body.{place}", features, features)
        layer(f"body.{blocks}", features, features)

    return OfficialTable(scale, features, body)


def official_body(blocks, res_scale):
    def body(conv, x):
        for block in range(blocks):
            branch = conv(f"body.{block}.body.2", conv(f"body.{block}.body.0", x).relu())
            x = x + branch * res_scale
        return conv(f"body.{blocks}", x)

    return body


@pytest.mark.parametrize(
    ("scale", "blocks", "features", "res_scale"),
    [(2, 2, 16, 1.0), (3, 2, 16, 1.0), (4, 2, 16, 1.0), (2, 1, 256, 0.1)],
)
def test_a_file_of_the_authors_makes_their_picture(tmp_path, scale, blocks, features, res_scale):
    table = official_table(scale, blocks, features)
    torch.save(dict(table), tmp_path / "edsr.pt")
    model = load_model(tmp_path / "edsr.pt", device="cpu")
    lr = torch.rand(1, 3, 13, 11, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        wanted = table.upscaled(lr * 255, scale, official_body(blocks, res_scale)) / 255
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
