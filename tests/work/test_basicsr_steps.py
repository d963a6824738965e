"""Do three steps of ESRGAN's training end where BasicSR's mathematics, in float64, say?

The other side is written here in plain torch, from what BasicSR 1.4.2 computes: concatenations in
dense blocks, five passes of the discriminator a step, two backward passes for its turn.
"""

import numpy as np
import pytest
import torch
from skimage import data
from torch.nn import functional

from srkit_core import Recipe, Stage
from srkit_core.augmentation.batch_examples import Examples
from srkit_core.engine.initial_networks import InitialNetworks
from srkit_core.engine.machine.processes import open_processes
from srkit_core.engine.networks import build_networks
from srkit_core.engine.objective import build_objective
from srkit_core.engine.optimizer import NetworkPair, with_optimizer
from srkit_core.engine.step_turn import StepContext
from srkit_core.engine.train_step import train_step
from srkit_core.plan import plan
from srkit_core.registry import discover
from srkit_core.run_options import RunOptions
from srkit_perception import untrained

BLOCKS, LEVELS, STEPS = 1, 5, 3
RATE, PIXELS, FEATURES, GAN = 1e-4, 1e-2, 1.0, 5e-3
LAYER = "conv1_2"
GENERATOR = f"rrdb(blocks={BLOCKS}, features=8, growth=4, upsampler=nearest)"


def stage_of(loss):
    adam = {"name": "Adam", "betas": [0.9, 0.99]}
    return Stage(
        name="main", loss=loss, steps=STEPS, batch=2, lr=RATE, patch=128, optimizer=dict(adam)
    )


RECIPE = Recipe(
    generator=GENERATOR,
    discriminator="vgg-basicsr(features=4)",
    stages=[
        stage_of(
            f"{PIXELS}*l1 + {FEATURES}*vgg(layer={LAYER}, weights=random) "
            f"+ {GAN}*ragan(detach=true)"
        )
    ],
)
L1 = Recipe(generator=GENERATOR, stages=[stage_of("l1")])


@pytest.fixture(scope="module")
def batches():
    """Crops of two photographs, LR and HR in [0, 1], as steps get them."""
    draw = np.random.default_rng(0)
    made = []
    for _ in range(STEPS):
        pictures = [data.coffee(), data.chelsea()]
        corners = [draw.integers(0, [one.shape[0] - 128, one.shape[1] - 128]) for one in pictures]
        crops = [
            one[y : y + 128, x : x + 128] for one, (y, x) in zip(pictures, corners, strict=True)
        ]
        hr = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2) / 255
        made.append(
            (functional.avg_pool2d(hr, 4).contiguous(memory_format=torch.channels_last), hr)
        )
    return made


def ours(batches, recipe=RECIPE):
    """Return both networks' parameters before the first step and after the last, by name."""
    planned = plan(recipe, discover())
    stage = planned.stages[0]
    with open_processes("cpu", "fp32") as processes:
        networks = build_networks(planned, RunOptions(), processes, InitialNetworks())
        objective = build_objective(stage, processes.device, processes.gather)
        both = {"generator": networks.generator, "discriminator": networks.discriminator}
        scaler = processes.scaler()
        pair = NetworkPair(
            **{
                role: with_optimizer(network, stage.optimizers[role], stage.stage.lr, scaler)
                for role, network in both.items()
                if network
            },
            **({} if networks.discriminator else {"discriminator": None}),
        )
        before = parameters(networks)
        for number, (lr, hr) in enumerate(batches):
            context = StepContext(stage.stage, objective, processes, number + 1)
            train_step(pair, context, Examples(lr, hr, hr))
    return before, parameters(networks)


def parameters(networks):
    return [
        {name: one.detach().double() for name, one in network.module.named_parameters()}
        for network in (networks.generator, networks.discriminator)
        if network
    ]


def upscaled(w, x):
    """RRDBNet with nearest upsampling, each input of a dense block concatenated."""
    shallow = convolved(w, "conv_first", x)
    body = shallow
    for block in range(BLOCKS):
        inside = body
        for dense in (1, 2, 3):
            seen = [inside]
            for number in range(1, 5):
                place = f"body.{block}.rdb{dense}.conv{number}"
                seen.append(functional.leaky_relu(convolved(w, place, torch.cat(seen, 1)), 0.2))
            branch = convolved(w, f"body.{block}.rdb{dense}.conv5", torch.cat(seen, 1))
            inside = inside + 0.2 * branch
        body = body + 0.2 * inside
    x = shallow + convolved(w, "conv_body", body)
    for number in (1, 2):
        larger = functional.interpolate(x, scale_factor=2, mode="nearest")
        x = functional.leaky_relu(convolved(w, f"conv_up{number}", larger), 0.2)
    return convolved(w, "conv_last", functional.leaky_relu(convolved(w, "conv_hr", x), 0.2))


def convolved(w, place, x):
    return functional.conv2d(x, w[f"{place}.weight"], w[f"{place}.bias"], padding=1)


def judged(w, x):
    """VGGStyleDiscriminator for 128 x 128, in train mode."""
    for level in range(LEVELS):
        for half in range(2):
            place = f"{level}_{half}"
            bias = w.get(f"conv{place}.bias")
            x = functional.conv2d(x, w[f"conv{place}.weight"], bias, stride=half + 1, padding=1)
            if bias is None:
                factors = w[f"bn{place}.weight"], w[f"bn{place}.bias"]
                x = functional.batch_norm(x, None, None, *factors, training=True)
            x = functional.leaky_relu(x, 0.2)
    hidden = functional.linear(x.flatten(1), w["linear1.weight"], w["linear1.bias"])
    return functional.linear(
        functional.leaky_relu(hidden, 0.2), w["linear2.weight"], w["linear2.bias"]
    )


def perceived(x):
    network = untrained("vgg19", to=LAYER, dtype=torch.float64)
    mean = torch.tensor([0.485, 0.456, 0.406], dtype=torch.float64)[:, None, None]
    deviation = torch.tensor([0.229, 0.224, 0.225], dtype=torch.float64)[:, None, None]
    return network.layers((x - mean) / deviation)


def cross_entropy(logits, label):
    return functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


def turn_of_generator(w_g, w_d, lr, hr):
    sr = upscaled(w_g, lr)
    loss = PIXELS * (sr - hr).abs().mean()
    loss = loss + FEATURES * (perceived(sr) - perceived(hr)).abs().mean()
    real, fake = judged(w_d, hr).detach(), judged(w_d, sr)
    relative = cross_entropy(real - fake.mean(), 0.0) + cross_entropy(fake - real.mean(), 1.0)
    (loss + GAN * relative / 2).backward(inputs=list(w_g.values()))
    return sr.detach()


def turn_of_discriminator(w_d, sr, hr):
    real, fake = judged(w_d, hr), judged(w_d, sr).detach()
    (cross_entropy(real - fake.mean(), 1.0) / 2).backward()
    fake = judged(w_d, sr)
    (cross_entropy(fake - real.detach().mean(), 0.0) / 2).backward()


def by_basicsr(before, batches):
    """Return both networks' parameters after three steps in float64."""
    w_g, w_d = (
        {name: one.clone().requires_grad_() for name, one in network.items()} for network in before
    )
    optimizers = [torch.optim.Adam(one.values(), lr=RATE, betas=(0.9, 0.99)) for one in (w_g, w_d)]
    for lr, hr in batches:
        for optimizer in optimizers:
            optimizer.zero_grad()
        sr = turn_of_generator(w_g, w_d, lr.double(), hr.double())
        optimizers[0].step()
        turn_of_discriminator(w_d, sr, hr.double())
        optimizers[1].step()
    return [{name: one.detach() for name, one in network.items()} for network in (w_g, w_d)]


def by_basicsr_in_l1(before, batches):
    """Return the generator's parameters after three steps of its SRModel in float64."""
    w_g = {name: one.clone().requires_grad_() for name, one in before[0].items()}
    optimizer = torch.optim.Adam(w_g.values(), lr=RATE, betas=(0.9, 0.99))
    for lr, hr in batches:
        optimizer.zero_grad()
        (upscaled(w_g, lr.double()) - hr.double()).abs().mean().backward()
        optimizer.step()
    return [{name: one.detach() for name, one in w_g.items()}]


def cosine(before, one, other):
    updates = [
        torch.cat([(after[name] - start).flatten() for name, start in before.items()])
        for after in (one, other)
    ]
    return functional.cosine_similarity(*updates, dim=0).item()


def test_three_steps_go_where_basicsr_s_go(batches):
    before, after = ours(batches)
    exact = by_basicsr(before, batches)
    cosines = [cosine(*three) for three in zip(before, after, exact, strict=True)]
    assert min(cosines) >= 0.9998


def test_three_steps_of_l1_go_where_basicsr_s_go(batches):
    (before,), (after,) = ours(batches, L1)
    (exact,) = by_basicsr_in_l1([before], batches)
    assert cosine(before, after, exact) >= 0.9998
    apart = max((after[name] - one).abs().max().item() for name, one in exact.items())
    assert apart <= STEPS * RATE  # Adam's sign of a gradient near 0 may differ
