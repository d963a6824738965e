"""Does a card make LR without being waited for, as its pictures alone would be made?"""

import time

import pytest
import torch

from srkit_core.augmentation import Augment
from srkit_core.chain import bind_chain, bind_target
from srkit_core.data.dataset import Batch
from srkit_core.data.examples import LrMaker, make_examples
from srkit_core.data.patches import CropRule
from srkit_core.expressions import parse_chain
from srkit_core.models.build import build_degradation
from srkit_core.registry import discover
from srkit_core.testing.samples import pictures

CHAINS = (
    "realesrgan",
    "realesrgan(draw=batch)",
    "bsrgan",
    "bicubic",
    "blur(sigma=0.4..2.8)@0.7 | bicubic | noise(sigma=0.5..5, gray=0.4)@0.6"
    " | jpeg(quality=60..95)@0.9",
)


def maker(text):
    registry = discover()
    target = build_degradation(bind_target(registry, parse_chain("sharpen"), 4))
    return LrMaker(build_degradation(bind_chain(registry, parse_chain(text), 4)), target)


def pinned(count=16, side=272):
    windows = pictures(count, side, side).mul(255).byte().permute(0, 2, 3, 1).contiguous()
    names = tuple(map(str, range(count)))
    return Batch(names, (windows,), ((72, 72),) * count, None).pin_memory()


@pytest.mark.parametrize("text", CHAINS)
def test_no_batch_waits_for_the_card(text):
    lr_maker, batch, rule = maker(text), pinned(), CropRule(128, 4, 72, 0, Augment())
    device = torch.device("cuda")
    rngs = [torch.Generator(device).manual_seed(seed) for seed in range(6)]
    make_examples(batch, rule, lr_maker, rngs[0])  # keeps its constants on the card
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        made = [make_examples(batch, rule, lr_maker, rng) for rng in rngs[1:]]
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert all(one.lr.isfinite().all() for one in made)
    assert not torch.equal(made[0].lr, made[1].lr)


@pytest.mark.parametrize("text", CHAINS)
def test_a_seed_gives_the_same_lr_again(text):
    lr_maker, batch, rule = maker(text), pinned(), CropRule(128, 4, 72, 0, Augment())
    device = torch.device("cuda")
    one, other = (
        make_examples(batch, rule, lr_maker, torch.Generator(device).manual_seed(3))
        for _ in range(2)
    )
    assert torch.equal(one.lr, other.lr)


@pytest.mark.parametrize("text", ["realesrgan", "bsrgan"])
def test_lr_of_a_card_is_distributed_like_that_of_a_cpu(text):
    """Means and deviations of 64 pictures, whose draws differ."""
    chain = build_degradation(bind_chain(discover(), parse_chain(text), 4))
    hr, seen = pictures(64, 128, 128), []
    for device in ("cpu", "cuda"):
        rng = torch.Generator(device).manual_seed(0)
        lr = chain(hr.to(device), rng=rng).cpu()
        seen.append((lr.mean().item(), lr.flatten(1).std(1).mean().item()))
    assert seen[1] == pytest.approx(seen[0], abs=0.02)


def test_a_batch_of_realesrgan_takes_a_few_milliseconds():
    lr_maker, batch, rule = maker("realesrgan"), pinned(), CropRule(128, 4, 72, 0, Augment())
    device = torch.device("cuda")
    for seed in range(25):
        if seed == 5:
            torch.cuda.synchronize()
            began = time.perf_counter()
        make_examples(batch, rule, lr_maker, torch.Generator(device).manual_seed(seed))
    torch.cuda.synchronize()
    each = (time.perf_counter() - began) / 20
    assert each < 0.03, f"{each * 1000:.1f} ms a batch of 16, HR 272, sharpened before"
