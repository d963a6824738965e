"""Do other people's weights come in whole, and is what does not fit named with the next command?"""

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from srkit_core.cli.app import run
from srkit_core.errors import OptionError, UnknownComponentError, WeightsError
from srkit_core.expressions import parse_call
from srkit_core.io.images import read_image, write_image
from srkit_core.models.build import build_network
from srkit_core.models.foreign_weights import import_weights, recognise
from srkit_core.models.model_words import own_scale
from srkit_core.models.weights_card import read_card
from srkit_core.models.weights_file import read_model
from srkit_core.plan import bind_generator
from srkit_core.registry import discover

SMALL = "rrdb(blocks=2, features=8, growth=4, upsampler=nearest)"


@pytest.fixture(scope="module")
def registry():
    return discover()


def tensors(registry, expression=SMALL, seed=0):
    return build_network(
        bind_generator(registry, parse_call(expression), 4), seed=seed
    ).state_dict()


def saved(path, content):
    torch.save(content, path)
    return path


def test_a_table_within_the_file_is_found_and_the_moving_average_comes_first(registry, tmp_path):
    plain, average = tensors(registry), tensors(registry, seed=1)
    for content, expected in [
        (plain, plain),
        ({"params": plain}, plain),
        ({"params": plain, "params_ema": average, "iter": 7}, average),
        ({"state_dict": {f"module.{name}": value for name, value in plain.items()}}, plain),
        ({"model": {"params_ema": average}}, average),
    ]:
        _, imported = import_weights(saved(tmp_path / "w.pth", content), registry)
        assert all(torch.equal(imported[name], expected[name]) for name in expected)


def test_half_precision_becomes_single(registry, tmp_path):
    plain = tensors(registry)
    _, imported = import_weights(
        saved(tmp_path / "w.pth", {name: value.half() for name, value in plain.items()}), registry
    )
    assert {value.dtype for value in imported.values()} == {torch.float32}


def test_options_that_agree_are_taken_and_others_come_from_the_file(registry, tmp_path):
    path = saved(tmp_path / "w.pth", tensors(registry))
    for wish in ("rrdb", "rrdb(blocks=2)", "srkit-rrdb/rrdb(upsampler=nearest, growth=4)"):
        bound = recognise(path, registry, parse_call(wish)).bound
        assert (
            str(bound.expression).partition("(")[2]
            == "blocks=2, features=8, growth=4, upsampler=nearest, attention=none)"
        )


def test_an_option_that_disagrees_is_refused_with_what_to_leave_out(registry, tmp_path):
    path = saved(tmp_path / "my w.pth", tensors(registry))
    with pytest.raises(
        OptionError, match=r"--gen says blocks=23, but .*my w.pth has blocks=2"
    ) as caught:
        recognise(path, registry, parse_call("rrdb(blocks=23, growth=4)"))
    assert caught.value.hint == "leave blocks out: --gen 'rrdb(growth=4)'"


def test_a_file_of_another_generator_is_refused(registry, tmp_path):
    path = saved(tmp_path / "w.pth", tensors(registry))
    with pytest.raises(
        WeightsError,
        match=r"is not of a layout of 'srvgg' .* \(srvgg, .*\); its first tensors are "
        r"conv_first\.weight",
    ):
        recognise(path, registry, parse_call("srvgg"))
    with pytest.raises(UnknownComponentError, match="no generator named 'hat'"):
        recognise(path, registry, parse_call("hat"))


def test_missing_and_unexpected_tensors_are_listed(registry, tmp_path):
    changed = tensors(registry) | {"extra.weight": torch.zeros(1)}
    del changed["body.1.rdb3.conv2.bias"]
    with pytest.raises(
        WeightsError,
        match=r"another architecture: missing body\.1\.rdb3\.conv2\.bias; unexpected extra\.weight",
    ):
        import_weights(saved(tmp_path / "w.pth", changed), registry)


def test_what_looks_like_a_layout_and_is_none_is_named(registry, tmp_path):
    odd = tensors(registry) | {"conv_first.weight": torch.zeros(8, 5, 3, 3)}
    with pytest.raises(
        WeightsError,
        match="looks like esrgan, but rrdb cannot be made of it: its first convolution takes 5 "
        "channels",
    ):
        recognise(saved(tmp_path / "w.pth", odd), registry)
    with pytest.raises(WeightsError, match="is not of any layout that is installed"):
        recognise(saved(tmp_path / "w.pth", {"a": torch.zeros(1)}), registry)
    with pytest.raises(WeightsError, match="holds no tensors"):
        recognise(saved(tmp_path / "w.pth", {"epoch": 3}), registry)


def test_the_command_line_imports_and_what_it_wrote_is_a_model(registry, tmp_path, capsys):
    path, out = saved(tmp_path / "w.pth", tensors(registry)), tmp_path / "out.safetensors"
    assert run(["weights", "import", str(path), "--gen", "rrdb", "--out", str(out)]) == 0
    expression = "rrdb(blocks=2, features=8, growth=4, upsampler=nearest, attention=none)"
    assert f"{path} is esrgan: srkit-rrdb/{expression}, x4" in capsys.readouterr().out
    card = read_card(out)
    assert str(card.generator) == f"srkit-rrdb/{expression}"
    assert (card.scale, card.step, card.recipe) == (4, 0, "")
    assert re.fullmatch(r"w\.pth, sha256 [0-9a-f]{64}, layout esrgan", card.origin)
    model, lr = read_model(out, registry), torch.rand(1, 3, 9, 8)
    network = build_network(bind_generator(registry, parse_call(SMALL), 4))
    with torch.no_grad():
        assert torch.allclose(model(lr), network(lr), atol=1e-6)
    assert run(["weights", "show", str(out)]) == 0
    assert "imported: w.pth, sha256" in capsys.readouterr().out


@pytest.mark.parametrize(("out", "code"), [("out.pth", 2), ("taken.safetensors", 2)])
def test_an_output_that_will_not_do_is_refused_first(registry, tmp_path, capsys, out, code):
    (tmp_path / "taken.safetensors").write_bytes(b"mine")
    path = saved(tmp_path / "w.pth", tensors(registry))
    assert (
        run(["weights", "import", str(path), "--gen", "rrdb", "--out", str(tmp_path / out)]) == code
    )
    assert (tmp_path / "taken.safetensors").read_bytes() == b"mine"
    assert not (tmp_path / "out.pth").exists()
    assert capsys.readouterr().err.count("\n") == 2


@pytest.mark.parametrize("kind", ["pth", "safetensors"])
def test_a_raw_file_is_a_model_for_every_command_and_an_import_is_the_same(
    registry, tmp_path, monkeypatch, kind
):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / f"their model.{kind}"
    (save_file if kind == "safetensors" else torch.save)(tensors(registry), path)
    write_image(tmp_path / "x.png", np.full((9, 8, 3), 100, np.uint8))
    assert run(["weights", "import", str(path), "--out", "ours.safetensors"]) == 0
    for model, out in ((str(path), "raw.png"), ("ours.safetensors", "ours.png")):
        assert run(["upscale", model, "x.png", "--out", out]) == 0
    assert (read_image(Path("raw.png")) == read_image(Path("ours.png"))).all()
    assert own_scale(path, registry) == 4


def test_show_of_a_raw_file_names_the_command_that_imports_it_and_that_command_works(
    registry, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    path = saved(tmp_path / "their model.pth", tensors(registry))
    assert run(["weights", "show", str(path)]) == 4
    told, advice = capsys.readouterr().err.splitlines()
    assert told == f"error: {path} is not in srkit's format, and has to be imported first"
    words = shlex.split(advice.removeprefix("try: "))
    assert words[:4] == ["srkit", "weights", "import", str(path)]
    assert run(words[1:]) == 0
    assert read_model(tmp_path / words[-1], registry).scale == 4


def test_a_file_that_would_run_code_is_refused_and_runs_nothing(tmp_path, capsys):
    class Trap:
        def __reduce__(self):
            return print, ("the trap has sprung",)

    path = saved(tmp_path / "trap.pth", {"conv_first.weight": Trap()})
    for words in (
        ["weights", "import", str(path), "--gen", "rrdb", "--out", str(tmp_path / "o.safetensors")],
        ["eval", str(path), "--data", "photos"],
    ):
        assert run(words) == 4
        told = capsys.readouterr()
        assert "is refused, because opening it would run code: it asks for print" in told.err
        assert "sprung" not in told.out


def test_set5_with_the_published_srresnet(registry, assets, tmp_path, capsys):
    """Figures of the shared goldens, per picture to 0.01 dB.

    Eps and head are known from the layout.
    """

    out, scores, set5 = (
        tmp_path / "sr.safetensors",
        tmp_path / "s.json",
        assets / "benchmarks" / "Set5",
    )
    path = assets / "weights" / "srresnet_x4_pretrained.pth"
    assert run(["weights", "import", str(path), "--gen", "srresnet", "--out", str(out)]) == 0
    assert (
        run(
            [
                "eval",
                str(out),
                "--data",
                str(set5 / "HR"),
                "--lr",
                str(set5 / "LRx4"),
                "--json",
                str(scores),
            ]
        )
        == 0
    )
    (model,) = json.loads(scores.read_text())["models"]
    golden = json.loads((assets / "goldens" / "set5_x4.json").read_text())["Set5"]
    assert model["metrics"]["psnr"]["mean"] == pytest.approx(32.01, abs=0.01)
    assert model["metrics"]["ssim"]["mean"] == pytest.approx(0.893, abs=0.0005)
    for image in model["images"]:
        psnr, ssim = next(
            one["srresnet_x4_pretrained"]
            for name, one in golden.items()
            if name.startswith(image["name"].partition(".")[0])
        )
        assert image["psnr"] == pytest.approx(psnr, abs=0.01)
        assert image["ssim"] == pytest.approx(ssim, abs=0.0005)
    assert len(model["images"]) == 5
