"""Is every file that spandrel recognises a model of srkit: enlarged, shown, trained further?"""

import inspect
import pickle
from functools import wraps
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from spandrel import MAIN_REGISTRY, ModelLoader
from spandrel.architectures.SPAN import SPAN

from srkit_core import discover, export_model, load_model
from srkit_core.cli.app import run
from srkit_core.engine.trainer import train
from srkit_core.errors import IncompatibleError, OptionError, WeightsError
from srkit_core.expressions import parse_call
from srkit_core.io.images import read_image, write_image
from srkit_core.models.foreign_weights import import_weights, recognise
from srkit_core.recipe import recipe_from_dict
from srkit_core.run_options import RunOptions
from srkit_core.specs import EVERYWHERE
from srkit_spandrel import SEE_EVERYTHING, foreign_files, spandrel
from srkit_spandrel.model import SpandrelNetwork
from srkit_spandrel.network_text import from_text

WINDOWS = "depths=[2], num_heads=[2], embed_dim=12, window_size=4, img_size=16, mlp_ratio=2.0"
NETWORKS = [
    (f"SwinIR({WINDOWS}, upsampler=pixelshuffle)", 4),
    (f"SwinIR({WINDOWS}, upsampler=pixelshuffledirect)", 2),
    (f"HAT({WINDOWS}, squeeze_factor=6)", 4),
    (f"ATD({WINDOWS}, num_tokens=8, category_size=16, upsampler=pixelshuffle)", 2),
    (f"DRCT({WINDOWS}, gc=4, upsampler=pixelshuffle)", 4),
    ("DAT(embed_dim=16, depth=[2], num_heads=[2], split_size=[4, 4], img_size=16)", 2),
    ("SPAN(num_in_ch=3, num_out_ch=3, feature_channels=8)", 4),
    ("OmniSR(num_feat=8, window_size=4)", 3),
    ("RealCUGAN/UpCunet2x", 2),
    ("PLKSR/RealPLKSR(dim=8, n_blocks=2)", 4),
    ("SAFMN(dim=8, n_blocks=1)", 4),
    ("MoSR(n_block=1, dim=8)", 1),
]
SMALL = "SPAN(num_in_ch=3, num_out_ch=3, feature_channels=8)"


def saved(path, text, scale):
    torch.manual_seed(0)
    network, _ = from_text(text, scale)
    save_file({name: one.contiguous() for name, one in network.state_dict().items()}, path)
    return path


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return saved(tmp_path_factory.mktemp("weights") / "theirs.safetensors", SMALL, 4)


def near(one, other):
    assert one.shape == other.shape
    return (one - other).abs().max().item() < 1e-5


@pytest.mark.parametrize(("text", "scale"), NETWORKS, ids=lambda one: str(one).partition("(")[0])
def test_the_picture_is_the_one_that_spandrel_makes(tmp_path, text, scale):
    path = saved(tmp_path / "theirs.safetensors", text, scale)
    theirs, ours = MAIN_REGISTRY.load(load_file(path)), load_model(path, device="cpu")
    assert (ours.scale, ours.bound.component.name) == (theirs.scale, "spandrel")
    for size in ((32, 32), (19, 26)):
        lr = torch.rand(1, 3, *size)
        with torch.inference_mode():
            assert near(theirs(lr.clone()), ours(lr).clamp(0, 1))


def test_two_pictures_are_made_at_once(file):
    model, lr = load_model(file, device="cpu"), torch.rand(2, 3, 9, 7)
    with torch.inference_mode():
        assert near(model(lr)[1:], model(lr[1:]))


def test_one_channel_is_each_colour_in_turn(tmp_path):
    text = "Compact(num_in_ch=1, num_out_ch=1, num_feat=8, num_conv=2)"
    path = saved(tmp_path / "gray.safetensors", text, 2)
    theirs, ours = MAIN_REGISTRY.load(load_file(path)), load_model(path, device="cpu")
    lr = torch.rand(1, 3, 8, 10)
    with torch.inference_mode():
        alone = [theirs(lr[:, at : at + 1].clone()) for at in range(3)]
        assert near(torch.cat(alone, 1), ours(lr).clamp(0, 1))


@pytest.mark.parametrize("scale", [1, 2])
def test_a_compact_network_of_one_channel_is_spandrel_s(tmp_path, scale):
    text = "Compact(num_in_ch=1, num_out_ch=1, num_feat=8, num_conv=2)"
    model = load_model(saved(tmp_path / "gray.safetensors", text, scale), device="cpu")
    assert (model.bound.component.name, model.scale) == ("spandrel", scale)


def test_a_file_is_opened_by_making_its_network_once(file, monkeypatch):
    made, real = [], SPAN.__init__

    @wraps(real)
    def counted(*args, **own):
        made.append(1)
        real(*args, **own)

    monkeypatch.setattr(SPAN, "__init__", counted)
    model = load_model(file, device="cpu")
    assert len(made) == 1
    assert isinstance(model.network, SpandrelNetwork)
    assert not model.network.training
    network = spandrel(scale=4, network=model.bound.options["network"])
    assert len(made) == 2
    assert network.module is not model.network.module


@pytest.mark.parametrize(
    ("text", "scale", "reach"),
    [(NETWORKS[0][0], 4, EVERYWHERE), (NETWORKS[2][0], 4, 32), (SMALL, 4, 32)],
)
def test_spandrel_s_word_on_tiles_is_heeded(tmp_path, text, scale, reach):
    model = load_model(saved(tmp_path / "theirs.safetensors", text, scale), device="cpu")
    assert model.receptive == reach


def test_what_spandrel_advises_against_cutting_is_what_we_say_of_it():
    """The word is in the source of an architecture: a descriptor of each would need its weights."""
    said = set()
    for one in MAIN_REGISTRY:
        source = Path(inspect.getfile(type(one.architecture))).read_text(encoding="utf-8")
        if "ModelTiling.DISCOURAGED" in source or "ModelTiling.INTERNAL" in source:
            said.add(one.architecture.id)
    assert said == SEE_EVERYTHING


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ESRGAN(num_filters=8, num_blocks=1)", "rrdb"),
        ("Compact(num_feat=8, num_conv=2)", "srvgg"),
        ("RCAN(n_resgroups=1, n_resblocks=1, n_feats=16)", "rcan"),
    ],
)
def test_our_own_networks_come_first(tmp_path, text, name):
    found, _ = import_weights(saved(tmp_path / "a.safetensors", text, 4), discover())
    assert (found.layout.generator, found.scale) == (name, 4)


def test_it_can_be_said_to_be_spandrel_s(tmp_path):
    path = saved(tmp_path / "a.safetensors", "Compact(num_feat=8, num_conv=2)", 4)
    found, _ = import_weights(path, discover(), parse_call("spandrel"))
    assert dict(found.bound.options) == {"network": "Compact(num_feat=8, num_conv=2)"}


def test_a_checkpoint_gives_its_average(tmp_path):
    text, path = "MoSR(n_block=1, dim=8)", tmp_path / "checkpoint.pth"
    torch.manual_seed(0)
    network, _ = from_text(text, 4)
    weights = network.state_dict()
    average = {name: one + 0.01 for name, one in weights.items()}
    torch.save({"params": weights, "params_ema": average}, path)
    found, tensors = import_weights(path, discover())
    assert found.chosen.table.key == "params_ema"
    name = next(iter(average))
    assert torch.equal(tensors[f"module.{name}"], average[name])


def test_a_picture_is_enlarged_with_it(file, tmp_path, capsys):
    lr = tmp_path / "lr.png"
    write_image(lr, (torch.rand(20, 31, 3) * 255).byte().numpy())
    assert run(["upscale", str(file), str(lr), "--out", str(tmp_path / "sr.png")]) == 0
    with torch.inference_mode():
        pixels = torch.from_numpy(read_image(lr)).permute(2, 0, 1)[None] / 255
        sr = MAIN_REGISTRY.load(load_file(file))(pixels)
    wanted = (sr[0].permute(1, 2, 0) * 255).round()
    got = torch.from_numpy(read_image(tmp_path / "sr.png")).float()
    assert (got - wanted).abs().max() <= 1
    assert Image.open(tmp_path / "sr.png").size == (124, 80)


def test_it_is_trained_further_and_what_comes_out_is_a_model(file, tmp_path, capsys):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(2):
        write_image(folder / f"{number}.png", (torch.rand(64, 64, 3) * 255).byte().numpy())
    stage = {"name": "s", "loss": "l1", "steps": 1, "batch": 2, "patch": 48, "checkpoint_every": 1}

    def recipe(steps):
        network = str(recognise(file, discover()).bound.expression)
        validation = {"pictures": 0, "metrics": "psnr"}
        document = {"generator": network, "scale": 4, "validation": validation}
        return recipe_from_dict({**document, "stages": [{**stage, "steps": steps}]})

    options = RunOptions(data=folder, out=tmp_path / "run", device="cpu", init=str(file))
    trained = train(recipe(1), options).folder
    train(recipe(2), RunOptions(out=trained, device="cpu"), resume="newest")
    last = trained / "weights" / "last.safetensors"
    before, after = load_file(file), load_file(last)
    learnt = [name for name in before if "eval_conv" not in name]  # those are made of the others
    moved = max((after[f"module.{name}"] - before[name]).abs().max().item() for name in learnt)
    assert 0 < moved < 0.1
    model = load_model(last, device="cpu")
    assert model.bound.options["network"] == "SPAN(feature_channels=8, num_in_ch=3, num_out_ch=3)"
    assert MAIN_REGISTRY.load(after).architecture.id == "SPAN"
    assert run(["weights", "show", str(last)]) == 0
    assert "opened by: tools that read with spandrel" in capsys.readouterr().out


@pytest.mark.parametrize("to", ["pth", "safetensors"])
def test_what_is_exported_is_read_by_spandrel_again(file, tmp_path, to):
    model, path = load_model(file, device="cpu"), tmp_path / f"out.{to}"
    export_model(model, to, path)
    theirs = ModelLoader(device="cpu").load_from_file(path)
    lr = torch.rand(1, 3, 12, 9)
    with torch.inference_mode():
        assert near(theirs(lr.clone()), model(lr).clamp(0, 1))


def test_a_network_is_trained_from_its_text_at_any_scale():
    for scale in (2, 3):
        network = spandrel(scale=scale, network=SMALL)
        assert network(torch.rand(1, 3, 8, 9)).shape == (1, 3, 8 * scale, 9 * scale)


def test_half_precision_is_refused_where_the_network_is_not_for_it(tmp_path):
    path = saved(tmp_path / "a.safetensors", NETWORKS[2][0], 4)
    model = load_model(path, device="cpu", precision="bf16")
    assert model(torch.rand(1, 3, 16, 16)).isfinite().all()
    with (
        torch.autocast("cpu", dtype=torch.float16),
        pytest.raises(IncompatibleError, match="HAT is not for fp16"),
    ):
        model.network(torch.rand(1, 3, 16, 16))


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("RestoreFormer(n_embed=8, embed_dim=8, ch=32, in_channels=3)", "restores cut-out faces"),
        ("LaMa(in_nc=4, out_nc=3)", "fills in what a mask hides"),
        ("SPAN(num_in_ch=3, num_out_ch=1, feature_channels=8)", "makes 1 channels of 3"),
    ],
)
def test_what_upscales_no_pictures_is_refused_in_a_sentence(tmp_path, text, fact):
    path = saved(tmp_path / "theirs.safetensors", text, 1)
    with pytest.raises(WeightsError) as caught:
        load_model(path, device="cpu")
    assert caught.value.message.startswith(f"{path} is {text.partition('(')[0]}")
    assert fact in caught.value.message


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("SPON()", "spandrel has no architecture 'SPON'"),
        ("SPAN(colour=red)", "has a parameter 'colour', and SPAN takes"),
        ("SPAN(feature_channels=many)", "cannot be built"),
        ("SPAN(", "is no network: expected"),
        ("RealCUGAN/UpCunet2x", "is for scale 2, not 4"),
        ("LaMa(in_nc=4, out_nc=3)", "fills in what a mask hides"),
    ],
)
def test_a_text_that_is_no_network_is_refused(text, fact):
    with pytest.raises(OptionError) as caught:
        spandrel(scale=4, network=text)
    assert fact in caught.value.message


def test_a_file_that_nobody_knows_names_every_layout(tmp_path):
    path = tmp_path / "unknown.safetensors"
    save_file({"first.weight": torch.zeros(3), "second.weight": torch.zeros(3)}, path)
    with pytest.raises(WeightsError) as caught:
        recognise(path, discover())
    assert "esrgan" in caught.value.message
    assert "spandrel" in caught.value.message


def test_a_file_that_is_damaged_says_what_is_missing(file, tmp_path):
    tensors = load_file(file)
    del tensors["block_2.c1_r.sk.weight"]
    save_file(tensors, tmp_path / "damaged.safetensors")
    with pytest.raises(WeightsError, match=r"missing block_2\.c1_r\.sk\.weight"):
        recognise(tmp_path / "damaged.safetensors", discover())


class Evil:
    def __reduce__(self):
        return (exec, ("raise SystemExit('it ran')",))


def test_a_network_of_far_more_tensors_than_the_file_is_not_made(file, monkeypatch):
    monkeypatch.setattr(foreign_files, "_FREE", 3)
    monkeypatch.setattr(foreign_files, "_TIMES", 0)
    with pytest.raises(ValueError, match="suggest has over 3 tensors"):
        foreign_files.read_network(load_file(file))
    assert MAIN_REGISTRY.load(load_file(file)).architecture.id == "SPAN"


def test_nothing_in_a_file_is_run(tmp_path):
    path = tmp_path / "evil.pth"
    with path.open("wb") as file:
        pickle.dump({"conv_1.sk.weight": Evil()}, file)
    with pytest.raises(WeightsError):
        load_model(path, device="cpu")
