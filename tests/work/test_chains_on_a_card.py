"""Do the chains that ship ask a card for nothing, in few operations?"""

import tomllib
from pathlib import Path

import pytest
import torch

from srkit_core.chain import bind_chain
from srkit_core.expressions import parse_chain
from srkit_core.models.build import build_degradation
from srkit_core.registry import discover
from srkit_core.testing.samples import pictures
from tests.card_stand_in import Card, CardRandom, know_the_card, on_card

ROOT = Path(__file__).parents[2]
FOLDERS = ("examples/recipes", "plugins/compact/srkit_compact")
MOST = {"realesrgan": 1110, "bsrgan": 2290, "bicubic": 80}
"""Operations for a batch of 16, views and those of the host too; of any other chain 400."""


def shipped():
    """Return the chains of all recipes that ship."""
    files = [path for folder in FOLDERS for path in (ROOT / folder).glob("*.toml")]
    recipes = [tomllib.loads(path.read_text()) for path in files]
    return sorted({one["degradation"] for one in recipes if "degradation" in one} - {"paired"})


def chain(text, scale=4):
    return build_degradation(bind_chain(discover(), parse_chain(text), scale))


def scale_of(text):
    return 2 if "0.2..1.4" in text else 4


def on_the_card(degradation, seed, side=64):
    hr = on_card(pictures(16, side, side))
    rng = CardRandom().manual_seed(seed)
    with Card() as card:
        lr = degradation(hr, rng=rng)
    return card, lr.held


def test_the_chains_of_recipes_are_known():
    assert {"realesrgan", "bsrgan", "bicubic"} < set(shipped())
    assert len(shipped()) == 5


@pytest.mark.parametrize("text", shipped())
def test_a_batch_of_sixteen_takes_few_operations_and_waits_for_nothing(text, monkeypatch):
    know_the_card(monkeypatch)
    degradation = chain(text, scale_of(text))
    on_the_card(degradation, 0)  # keeps its constants on the card
    for seed in range(1, 3):
        card, lr = on_the_card(degradation, seed)
        assert card.waits == []
        assert sum(card.operations.values()) <= MOST.get(text, 400)
        assert lr.isfinite().all()
        assert 0 <= lr.min() <= lr.max() <= 1
        assert lr.shape == (16, 3, *[64 // scale_of(text)] * 2)


def test_a_read_would_be_seen():
    with Card() as card:
        numbers = on_card(torch.arange(4.0))
        numbers.sum().item()
        numbers[numbers > 1]
        numbers.cpu()
        torch.ones(4).to(numbers.device)
        torch.ones(4).to(numbers.device, non_blocking=True)
    assert len(card.waits) == 4
