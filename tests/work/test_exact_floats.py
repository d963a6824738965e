"""Are scores on a GPU those of fp32, whatever was set before?"""

import pytest
import torch

from srkit_core import evaluate
from srkit_core.evaluation import bench
from srkit_core.evaluation.exact_floats import exact_floats
from srkit_core.io.images import write_image


def flags():
    return torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32


@pytest.fixture(params=[(False, True), (True, False)])
def before(request):
    kept = flags()
    torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = request.param
    yield request.param
    torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = kept


def test_tf32_is_off_while_pictures_are_scored_and_as_before_afterwards(
    before, tmp_path, smooth, monkeypatch
):
    for name in "ab":
        write_image(tmp_path / f"{name}.png", smooth(32, 40))
    real, seen = bench.score_model, []

    def watched(name, model, *others, **options):
        model.network.register_forward_pre_hook(lambda *_: seen.append(flags()))
        return real(name, model, *others, **options)

    monkeypatch.setattr(bench, "score_model", watched)
    evaluate("nearest", tmp_path, scale=2, metrics="psnr")
    assert seen == [(False, False)] * 2
    assert flags() == before


def test_what_was_set_is_set_again_when_scoring_fails(before):
    def fail():
        with exact_floats():
            raise KeyError(flags())

    with pytest.raises(KeyError) as caught:
        fail()
    assert caught.value.args == ((False, False),)
    assert flags() == before
