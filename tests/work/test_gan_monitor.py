"""Is a sick game told from a healthy one, once, with what usually helps?"""

import pytest
import torch

from srkit_core.engine.gan_monitor import (
    CONTRAST,
    PATIENCE,
    TINT,
    GanMonitor,
    contrast_and_tint,
    warnings_of,
)

HEALTHY = {
    "the report that calls D(x) 0.96 and D(G(z)) 0.09 healthy": {"d_real": 0.96, "d_fake": 0.09},
    "the first step, when nobody knows anything": {
        "d_real": 0.5018,
        "d_fake": 0.5019,
        "gradient/discriminator": 0.4,
    },
    "a relativistic game, whose logits have no level": {
        "d_real": 0.04,
        "d_fake": 0.035,
        "gradient/discriminator": 0.2,
    },
    "a warm-up without a discriminator": {},
    "an output softer than HR": {CONTRAST: 0.8, TINT: 0.02},
}
SICK = {
    "discriminator-won": {"d_real": 0.999, "d_fake": 0.001},
    "discriminator-collapsed": {"d_real": 0.5, "d_fake": 0.5001, "gradient/discriminator": 1e-9},
    "flat-output": {CONTRAST: 0.1},
    "tinted-output": {TINT: 0.3},
}


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_game_is_left_alone(name):
    monitor = GanMonitor()
    assert warnings_of(HEALTHY[name]) == []
    assert [monitor.row(HEALTHY[name]) for _ in range(3 * PATIENCE)] == [[]] * 3 * PATIENCE


@pytest.mark.parametrize("name", SICK)
def test_a_warning_that_lasts_is_told_once(name):
    monitor = GanMonitor()
    assert [warning.name for warning in warnings_of(SICK[name])] == [name]
    told = [monitor.row(SICK[name]) for _ in range(PATIENCE - 1)]
    assert told == [[]] * (PATIENCE - 1)
    (warning,) = monitor.row(SICK[name])
    assert warning.startswith("warning: the ")
    assert "usual remedies: " in warning
    assert monitor.row({}) == monitor.row(SICK[name]) == []


def test_a_warning_that_comes_and_goes_is_not_told():
    monitor = GanMonitor()
    for _ in range(4):
        assert [monitor.row(SICK["flat-output"]) for _ in range(PATIENCE - 1)] == [[]] * (
            PATIENCE - 1
        )
        assert monitor.row({}) == []


def test_contrast_and_tint_are_those_of_the_picture():
    torch.manual_seed(0)
    hr = torch.rand(2, 3, 32, 32)
    assert contrast_and_tint(hr, hr)[CONTRAST].item() == pytest.approx(1)
    assert contrast_and_tint(hr, hr)[TINT].item() == pytest.approx(0)
    assert contrast_and_tint(0.5 + 0.1 * (hr - 0.5), hr)[CONTRAST].item() == pytest.approx(
        0.1, rel=1e-3
    )
    reddish = hr + torch.tensor([0.2, 0.0, 0.0])[:, None, None]
    assert contrast_and_tint(reddish, hr)[TINT].item() == pytest.approx(0.2, abs=1e-6)
    assert contrast_and_tint(hr + 0.2, hr)[TINT].item() == pytest.approx(0, abs=1e-6)
