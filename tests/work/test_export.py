"""Do other tools open what is exported, and compute the same picture?"""

import hashlib
import json
import re

import pytest
import spandrel
import torch
from safetensors import safe_open

from srkit_core import ExportOptions, export_model
from srkit_core.cli.app import run
from srkit_core.errors import IncompatibleError, RecipeError
from srkit_core.export.published_tensors import published_tensors
from srkit_core.expressions import parse_call
from srkit_core.models.build import build_network
from srkit_core.models.find_model import load_model
from srkit_core.models.model import Model
from srkit_core.models.weights_file import card_of, save_weights
from srkit_core.plan import bind_generator
from srkit_core.specs import LayoutSpec

RRDB = "rrdb(blocks=2, features=8, upsampler=nearest)"
OPENED = [  # network, scale, spandrel's name of it
    (RRDB, 4, "ESRGAN"),
    (RRDB, 2, "ESRGAN"),
    (RRDB, 1, "ESRGAN"),
    ("srvgg(features=8, blocks=3)", 4, "Compact"),
    ("srvgg(features=8, blocks=1)", 1, "Compact"),
    ("rcan(groups=2, blocks=2, features=8, reduction=4)", 3, "RCAN"),
    ("rcan(groups=1, blocks=2, features=8, reduction=2)", 4, "RCAN"),
]
ELSEWHERE = [  # what spandrel does not know, in BasicSR's names
    ("edsr(blocks=2, features=8)", 4, "conv_after_body.weight"),
    ("srresnet(layout=msr, blocks=2, features=8)", 3, "upconv1.weight"),
]
CONVERTED = [  # options that other tools take for granted, with other values
    ("rcan(groups=2, blocks=1, features=8, reduction=4, res_scale=0.5, img_range=1.0)", 2),
    ("rcan(groups=1, blocks=1, features=8, reduction=4, res_scale=0.0)", 2),
    ("rcan(groups=1, blocks=1, features=8, reduction=4, rgb_mean=[0.5, 0.25, 0.125])", 2),
    ("edsr(blocks=2, features=8, res_scale=0.25, img_range=1.0)", 2),
]


@pytest.fixture
def model_of(registry):
    def make(expression, scale):
        bound = bind_generator(registry, parse_call(expression), scale)
        return Model(build_network(bound, seed=3).eval(), bound, scale)

    return make


@pytest.fixture
def weights(registry, tmp_path):
    """Make a weights file of srkit."""

    def make(expression, scale=4, **card):
        bound = bind_generator(registry, parse_call(expression), scale)
        path = tmp_path / "ours.safetensors"
        tensors = build_network(bound, seed=3).state_dict()
        save_weights(path, tensors, card_of(bound, scale, registry, **card))
        return path

    return make


@torch.no_grad()
def off(first, second):
    """By how much two models differ on a picture, as it is written."""
    lr = torch.rand((1, 3, 24, 20), generator=torch.Generator().manual_seed(1))
    return (first(lr.clone()).clamp(0, 1) - second(lr.clone()).clamp(0, 1)).abs().max().item()


@pytest.mark.parametrize(("expression", "scale", "named"), OPENED)
def test_spandrel_opens_it_and_computes_the_same(model_of, tmp_path, expression, scale, named):
    model = model_of(expression, scale)
    for to in ("safetensors", "pth"):
        path = tmp_path / f"theirs.{to}"
        export_model(model, to, path)
        theirs = spandrel.ModelLoader(device="cpu").load_from_file(path)
        assert (theirs.architecture.id, theirs.scale) == (named, scale)
        assert off(model, theirs) <= 1e-5


@pytest.mark.parametrize(("expression", "scale"), [row for row in CONVERTED if "rcan" in row[0]])
def test_what_spandrel_takes_for_granted_is_in_the_tensors(model_of, tmp_path, expression, scale):
    model = model_of(expression, scale)
    export_model(model, "safetensors", tmp_path / "theirs.safetensors")
    theirs = spandrel.ModelLoader(device="cpu").load_from_file(tmp_path / "theirs.safetensors")
    assert off(model, theirs) <= 1e-5


@pytest.mark.parametrize(
    ("expression", "scale"), [*((one[0], one[1]) for one in (*OPENED, *ELSEWHERE)), *CONVERTED]
)
def test_what_was_exported_is_read_back(model_of, tmp_path, expression, scale):
    model, path = model_of(expression, scale), tmp_path / "theirs.pth"
    export_model(model, "pth", path, ExportOptions(key="none"))
    back = load_model(path, device="cpu")
    assert back.scale == scale
    assert off(model, back) <= 1e-5
    if (expression, scale) not in CONVERTED:
        own = model.network.state_dict()
        assert all(
            torch.equal(own[name], value) for name, value in back.network.state_dict().items()
        )


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        (RRDB, "esrgan"),
        ("srvgg(features=8, blocks=1)", "compact"),
        ("rcan(groups=1, blocks=1, features=8, reduction=4)", "rcan"),
        ("edsr(blocks=1, features=8)", "edsr"),
        ("srresnet(layout=msr, blocks=1, features=8)", "sr-res-net"),
    ],
)
def test_architectures_are_called_as_openmodeldb_calls_them(model_of, registry, expression, named):
    """By data/architectures.json of its repository, as of 2026-08."""
    assert published_tensors(model_of(expression, 4), registry).layout.architecture == named


@pytest.mark.parametrize(("expression", "scale", "name"), ELSEWHERE)
def test_basicsr_s_names_are_written(model_of, tmp_path, expression, scale, name):
    export_model(model_of(expression, scale), "pth", tmp_path / "theirs.pth")
    content = torch.load(tmp_path / "theirs.pth", weights_only=True)
    assert list(content) == ["params"]
    assert name in content["params"]


@pytest.mark.parametrize(
    ("expression", "fact"),
    [
        ("rrdb(blocks=1, features=8)", "ESRGAN's RRDBNet has upsampler=nearest"),
        (
            "rrdb(blocks=1, features=8, attention=channel)",
            "ESRGAN's RRDBNet has upsampler=nearest and attention=none",
        ),
        ("srresnet(blocks=1, features=8)", "BasicSR's MSRResNet is srresnet(layout=msr)"),
        (
            "edsr(blocks=1, features=8, rgb_mean=[0.5, 0.5, 0.5])",
            "BasicSR's EDSR has rgb_mean=[0.4488, 0.4371, 0.404]",
        ),
        ("bicubic", "no layout that is installed writes its tensors"),
    ],
)
def test_what_no_tool_opens_says_why_and_what_to_do(model_of, tmp_path, expression, fact):
    with pytest.raises(IncompatibleError, match=re.escape(fact)) as refused:
        export_model(model_of(expression, 4), "safetensors", tmp_path / "theirs.safetensors")
    assert "--to onnx" in refused.value.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("key", ["params", "params_ema"])
def test_a_pth_file_holds_tensors_under_a_key_and_nothing_else(model_of, tmp_path, key):
    path = tmp_path / "theirs.pth"
    export_model(model_of(RRDB, 4), "pth", path, ExportOptions(key=key))
    content = torch.load(path, weights_only=True)
    assert list(content) == [key]
    assert {type(value) for value in content[key].values()} == {torch.Tensor}
    assert content[key]["body.1.rdb3.conv5.weight"].shape == (8, 8 + 4 * 32, 3, 3)


def test_safetensors_say_what_they_are_by_the_keys_of_modelspec(weights, tmp_path, capsys):
    path = tmp_path / "mine.safetensors"
    command = ["export", str(weights(RRDB)), "--to", "safetensors", "--out", str(path)]
    assert run([*command, "--author", "Me", "--licence", "CC0-1.0"]) == 0
    assert "written: " in capsys.readouterr().out
    content = path.read_bytes()
    header = int.from_bytes(content[:8], "little")
    with safe_open(path, framework="pt") as file:
        said = file.metadata()
    assert {key: said[f"modelspec.{key}"] for key in ("sai_model_spec", "architecture")} == {
        "sai_model_spec": "1.0.0",
        "architecture": "esrgan",
    }
    assert (said["modelspec.title"], said["modelspec.author"]) == ("mine", "Me")
    assert said["modelspec.license"] == "CC0-1.0"
    assert said["modelspec.implementation"].startswith("RRDBNet of BasicSR")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", said["modelspec.date"])
    digest = hashlib.sha256(content[8 + header :]).hexdigest()
    assert said["modelspec.hash_sha256"] == f"0x{digest}"


RECIPE = """
scale = 4
generator = "srvgg"
degradation = "bicubic"
[[stages]]
steps = 100
batch = 8
patch = 96
"""


def test_an_entry_of_openmodeldb_is_filled_from_the_card_and_the_files(weights, tmp_path, capsys):
    ours = str(weights("srvgg(features=8, blocks=2)", recipe=RECIPE, step=100))
    entry = tmp_path / "4x-mine.json"
    command = ["export", ours, "--to", "openmodeldb", "--out", str(entry), "--author", "me"]
    assert run(command) == 2
    assert "first --to pth --out " in capsys.readouterr().err
    assert run(["export", ours, "--to", "pth", "--out", str(tmp_path / "4x-mine.pth")]) == 0
    assert run(command) == 0
    assert "left to fill in: license, tags, dataset, pretrainedModelG, images, urls" in (
        capsys.readouterr().out
    )
    said = json.loads(entry.read_text(encoding="utf-8"))
    content = (tmp_path / "4x-mine.pth").read_bytes()
    assert said["resources"] == [
        {
            "platform": "pytorch",
            "type": "pth",
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "urls": [],
        }
    ]
    assert (said["name"], said["author"], said["license"]) == ("4x-mine", "me", None)
    assert (said["architecture"], said["size"], said["scale"]) == ("compact", ["8nf", "2nb"], 4)
    assert (said["inputChannels"], said["outputChannels"], said["images"]) == (3, 3, [])
    training = ["trainingIterations", "trainingBatchSize", "trainingHRSize", "trainingOTF"]
    assert [said[name] for name in training] == [100, 8, 96, True]


def test_a_file_that_is_there_is_replaced_only_when_asked(weights, tmp_path, capsys):
    ours, out = str(weights("srvgg(features=8, blocks=1)")), tmp_path / "with space" / "a.pth"
    out.parent.mkdir()
    out.write_text("mine")
    command = ["export", ours, "--to", "pth", "--out", str(out)]
    assert run(command) == 2
    assert "exists already" in capsys.readouterr().err
    assert out.read_text() == "mine"
    assert run([*command, "--overwrite"]) == 0
    assert list(torch.load(out, weights_only=True)) == ["params"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--to", "ncnn", "--out", "a.pth"], "'ncnn' is not one of 'safetensors', 'pth', 'onnx'"),
        (["--to", "pth", "--out", "a.onnx"], "--out a.onnx does not end in .pth"),
        (["--to", "pth", "--out", "a.pth", "--author", "me"], "--author is of safetensors and"),
        (["--to", "onnx", "--out", "a.onnx", "--precision", "fp16"], "--precision is of openvino"),
    ],
)
def test_what_cannot_be_exported_as_written_is_told(words, told, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["export", "bicubic", *words]) == 2
    assert told in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_word_that_is_no_model_is_told(tmp_path, capsys):
    assert run(["export", "nonsense", "--to", "pth", "--out", str(tmp_path / "a.pth")]) == 4
    assert "'nonsense' is neither a weights file nor a baseline" in capsys.readouterr().err


def strange(*, scale: int) -> object:
    """A network of a stranger."""
    return torch.nn.Sequential(torch.nn.Conv2d(3, 3 * scale**2, 3, padding=1), _Shuffle(scale))


class _Shuffle(torch.nn.PixelShuffle):
    """Enlarges."""


def stranger(registry, **fields):
    from srkit_core.specs import GeneratorSpec

    spec = GeneratorSpec(name="strange", factory=strange, summary="one layer", scales=(2, 4))
    layout = LayoutSpec(
        name="strange-lab",
        generator="strange",
        marks=(r"only\.kernel",),
        renames=((r"only\.kernel", "0.weight"), (r"only\.offset", "0.bias")),
        options=lambda shapes: {"scale": round((shapes["0.weight"][0] / 3) ** 0.5)},
        source="a stranger's lab",
        **fields,
    )
    return registry.with_components(spec, layout, distribution="srkit-strange")


def _as_in_the_lab(options, tensors):
    assert options["scale"] == 2
    return {"only.kernel": tensors["0.weight"], "only.offset": tensors["0.bias"]}


def test_a_stranger_s_layout_writes_too(registry, tmp_path):
    theirs = stranger(registry, write=_as_in_the_lab)
    bound = bind_generator(theirs, parse_call("strange"), 2)
    model, path = Model(build_network(bound).eval(), bound, 2), tmp_path / "lab.safetensors"
    export_model(model, "safetensors", path, registry=theirs)
    with safe_open(path, framework="pt") as file:
        assert sorted(file.keys()) == ["only.kernel", "only.offset"]
        assert file.metadata()["modelspec.architecture"] == "strange-lab"
    assert off(model, load_model(path, device="cpu", registry=theirs)) == 0


def test_a_stranger_s_layout_that_does_not_write_is_told_of(registry, tmp_path):
    theirs = stranger(registry)
    bound = bind_generator(theirs, parse_call("strange"), 2)
    model = Model(build_network(bound).eval(), bound, 2)
    with pytest.raises(IncompatibleError, match="no layout that is installed writes its tensors"):
        export_model(model, "pth", tmp_path / "a.pth", registry=theirs)


def test_options_are_checked_before_anything_is_loaded(tmp_path):
    with pytest.raises(RecipeError, match="--key is of pth, not of onnx"):
        export_model("nonsense", "onnx", tmp_path / "a.onnx", ExportOptions(key="none"))
