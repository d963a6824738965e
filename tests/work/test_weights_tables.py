"""Is the moving average taken from a file whatever it is called, and is the choice told?"""

import collections

import pytest
import torch

from srkit_core.cli.app import run
from srkit_core.errors import WeightsError
from srkit_core.expressions import parse_call
from srkit_core.models.build import build_network
from srkit_core.models.find_model import load_model
from srkit_core.models.foreign_weights import import_weights
from srkit_core.plan import bind_generator
from srkit_core.registry import discover

NORMALISED = "srresnet(blocks=1, features=4)"
PLAIN = "rrdb(blocks=1, features=4, growth=2, upsampler=nearest)"


def weights(expression, seed):
    bound = bind_generator(discover(), parse_call(expression), 4)
    return build_network(bound, seed=seed).state_dict()


RAW, AVERAGE = weights(PLAIN, 0), weights(PLAIN, 1)
RAW_BN, AVERAGE_BN = weights(NORMALISED, 0), weights(NORMALISED, 1)
LARGER = weights("rrdb(blocks=2, features=4, growth=2, upsampler=nearest)", 2)


def below(prefix, tensors):
    return {f"{prefix}.{name}": value for name, value in tensors.items()}


def parameters(tensors):
    ends = (".running_mean", ".running_var", ".num_batches_tracked")
    return {name: value for name, value in tensors.items() if not name.endswith(ends)}


SPELLINGS = [
    "params_ema",
    "params-ema",
    "paramsEMA",
    "params_EMA",
    "ema_params",
    "emaparams",
    "ema",
    "EMA",
    "model_ema",
    "ema_model",
    "modelEma",
    "EMAModel",
    "state_dict_ema",
    "ema_state_dict",
    "net_g_ema",
    "netG_ema",
    "netGema",
    "g_ema",
    "G_EMA",
    "generator_ema",
    "ema_generator",
    "gen_ema_0.999",
    "avg_model",
    "averaged_model",
    "model_average",
    "moving_average",
    "swa_model",
    "swa_state_dict",
    "shadow",
    "shadow_params",
    "teacher",
    "model_teacher",
    "polyak",
    "Gs",
    "ema.state_dict.module",
    "callbacks.EMA{'decay': 0.999}.ema_state_dict.generator",
    "callbacks.EMACallback.ema_weights",
]


PLAIN_NAMES = ["params", "state_dict", "net_g", "model.module", "generator"]


@pytest.mark.parametrize(("number", "spelling"), list(enumerate(SPELLINGS)))
def test_the_average_goes_first_whatever_it_is_called(registry, tmp_path, number, spelling):
    plain = PLAIN_NAMES[number % len(PLAIN_NAMES)]
    tables = [(plain, RAW), (spelling, AVERAGE)][:: 1 if number % 2 else -1]
    content = {name: value for key, table in tables for name, value in below(key, table).items()}
    torch.save(content, tmp_path / "w.pth")
    found, imported = import_weights(tmp_path / "w.pth", registry)
    assert found.chosen.table.key == spelling
    assert all(torch.equal(imported[name], AVERAGE[name]) for name in AVERAGE)
    assert found.notes() == (
        f"weights taken: {spelling}, the moving average; also in the file: {plain}",
    )


CHECKPOINTS = {
    "mmagic": {
        "state_dict": {
            **below("generator", RAW),
            **below("generator_ema.module", AVERAGE),
            "generator_ema.steps": torch.tensor(7),
        },
        "meta": {"iter": 7},
    },
    "mmengine saves the average as state_dict": {
        "state_dict": below("generator", AVERAGE),
        "ema_state_dict": {**below("module.generator", RAW), "steps": torch.tensor(7)},
    },
    "mmcv keeps the raw weights beside the average": {
        "state_dict": AVERAGE
        | {f"ema_{name.replace('.', '_')}": value for name, value in RAW.items()},
    },
    "mmcv below a name": {
        "state_dict": below("generator", AVERAGE)
        | {f"generator.ema_{name.replace('.', '_')}": value for name, value in RAW.items()},
    },
    "lightning's weight averaging": {
        "state_dict": below("generator", AVERAGE),
        "current_model_state": below("module.generator", RAW),
        "averaging_state": {"n_averaged": torch.tensor(3)},
    },
    "lightning's callback": {
        "state_dict": below("generator", RAW),
        "callbacks": {"EMA": {"ema_state_dict": below("generator", AVERAGE), "decay": 0.99}},
    },
    "torch's averaged model": {
        "model": RAW,
        "swa": {"n_averaged": torch.tensor(3), **below("module", AVERAGE)},
    },
    "lucidrains": {
        **below("online_model", RAW),
        **below("ema_model", AVERAGE),
        "initted": torch.tensor(1),
    },
    "names without dots": {
        "state_dict": below("model", RAW)
        | {f"model_ema.{name.replace('.', '')}": value for name, value in AVERAGE.items()}
        | {"model_ema.decay": torch.tensor(0.9), "model_ema.num_updates": torch.tensor(3)},
    },
    "names without dots, of the whole": {
        "state_dict": below("net_g", RAW)
        | {f"model_ema.net_g{name.replace('.', '')}": value for name, value in AVERAGE.items()},
    },
    "a list": {
        "model": RAW,
        "ema": {"decay": 0.9, "shadow_params": list(AVERAGE.values()), "collected_params": []},
    },
    "a list beside its raw copy": {
        "model": RAW,
        "ema": {
            "shadow_params": list(AVERAGE.values()),
            "collected_params": list(RAW.values()),
        },
    },
    "no_ema is raw": {"params_no_ema": RAW, "params": AVERAGE},
    "raw is raw": {"raw": RAW, "weights": AVERAGE},
    "student and teacher of one kind": {"student": RAW, "teacher": AVERAGE},
    "a whole GAN": {
        "generator": RAW,
        "discriminator": LARGER,
        "g_ema": AVERAGE,
        "optimizer_g": {"state": {0: {"exp_avg": RAW["conv_first.weight"]}}},
        "exp_avg": RAW,
        "exp_avg_sq": RAW,
    },
}


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_checkpoints_of_other_programs_give_their_average(registry, tmp_path, name):
    torch.save(CHECKPOINTS[name], tmp_path / "w.pth")
    _, imported = import_weights(tmp_path / "w.pth", registry)
    assert imported.keys() == AVERAGE.keys()
    assert all(torch.equal(imported[one], AVERAGE[one]) for one in AVERAGE)


@pytest.mark.parametrize(
    "average",
    [{"shadow": parameters(AVERAGE_BN)}, {"shadow": list(parameters(AVERAGE_BN).values())}],
)
def test_an_average_of_parameters_alone_gets_the_statistics_of_the_weights(
    registry, tmp_path, average
):
    raw = RAW_BN | {name: value + 1 for name, value in RAW_BN.items() if "running" in name}
    torch.save({"model": raw, **average}, tmp_path / "w.pth")
    _, imported = import_weights(tmp_path / "w.pth", registry)
    expected = raw | parameters(AVERAGE_BN)
    assert all(torch.equal(imported[name], expected[name]) for name in expected)


def test_a_teacher_of_another_size_is_no_average(registry, tmp_path):
    torch.save({"student": RAW, "teacher": LARGER}, tmp_path / "w.pth")
    found, _ = import_weights(tmp_path / "w.pth", registry)
    assert found.chosen.table.key == "student"
    assert found.notes() == ("weights taken: student; also in the file: teacher",)


def test_other_networks_and_optimizers_are_never_taken(registry, tmp_path):
    torch.save({"discriminator": RAW, "optimizer": {"exp_avg": RAW}}, tmp_path / "w.pth")
    with pytest.raises(WeightsError, match="is not of any layout"):
        import_weights(tmp_path / "w.pth", registry)


def test_a_damaged_average_is_not_mended_from_the_weights(registry, tmp_path):
    broken = dict(AVERAGE)
    del broken["body.0.rdb1.conv2.weight"]
    torch.save({"params": RAW, "params_ema": broken}, tmp_path / "w.pth")
    with pytest.raises(WeightsError, match=r"missing body\.0\.rdb1\.conv2\.weight"):
        import_weights(tmp_path / "w.pth", registry)


def test_several_that_could_be_meant_are_asked_for(registry, tmp_path, capsys):
    path = tmp_path / "my w.pth"
    torch.save({"net_a": RAW, "net_b": AVERAGE}, path)
    with pytest.raises(WeightsError, match=r"holds several generators: net_a, net_b$") as caught:
        import_weights(path, registry)
    assert caught.value.hint == (
        f"choose one: srkit weights import '{path}' --key net_a --out NEW.safetensors"
    )
    torch.save({"net_a": RAW, "net_b": RAW}, path)  # two names of the same
    assert import_weights(path, registry)[0].chosen.table.key == "net_a"


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("params", RAW),
        ("params_ema", AVERAGE),
        ("deep", RAW),
        ("deep.inner", RAW),
        ("inner", RAW),
        ("discriminator", RAW),
    ],
)
def test_a_key_chooses(registry, tmp_path, key, expected):
    content = {"params": RAW, "params_ema": AVERAGE, "deep": {"inner": RAW}, "discriminator": RAW}
    if key in ("params", "params_ema"):
        del content["deep"]
    torch.save(content, tmp_path / "w.pth")
    _, imported = import_weights(tmp_path / "w.pth", registry, key=key)
    assert all(torch.equal(imported[name], expected[name]) for name in expected)


@pytest.mark.parametrize(
    ("key", "fact", "hint"),
    [
        ("param", "has no key 'param'; there are params, params-ema", "--key params"),
        ("iter", "has no key 'iter'; there are params, params-ema", "--key params"),
        ("loss", "holds no generator under 'loss'; there are params, params-ema", "--key params"),
    ],
)
def test_an_unknown_key_lists_those_that_exist(registry, tmp_path, capsys, key, fact, hint):
    path = tmp_path / "w.pth"
    loss = {"vgg.weight": torch.zeros(1)}
    torch.save({"params": RAW, "params-ema": AVERAGE, "iter": 3, "loss": loss}, path)
    out = str(tmp_path / "o.safetensors")
    assert run(["weights", "import", str(path), "--key", key, "--out", out]) == 4
    assert capsys.readouterr().err == f"error: {path} {fact}\ntry: {hint}\n"


@pytest.mark.parametrize(
    ("content", "there", "hint"),
    [
        (RAW, "only the weights themselves", "leave out --key"),
        ({"a": {"b": RAW["conv_first.bias"]}, "c": torch.zeros(1)}, "a, c", "leave out --key"),
    ],
)
def test_a_key_of_a_file_without_tables(registry, tmp_path, content, there, hint):
    torch.save(content, tmp_path / "w.pth")
    with pytest.raises(WeightsError, match=f"has no key 'params'; there are {there}$") as caught:
        import_weights(tmp_path / "w.pth", registry, key="params")
    assert caught.value.hint == hint


def test_the_command_line_tells_the_choice_and_the_card_keeps_it(registry, tmp_path, capsys):
    path, out = tmp_path / "w.pth", tmp_path / "o.safetensors"
    content = {"params": RAW, "params-ema": AVERAGE, "optimizer": {"step": torch.tensor(1)}}
    torch.save(content, path)
    assert run(["weights", "import", str(path), "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert (
        "weights taken: params-ema, the moving average; also in the file: params, optimizer" in told
    )
    assert run(["weights", "show", str(out)]) == 0
    assert "layout esrgan, key params-ema" in capsys.readouterr().out
    notes = []
    lr = torch.rand(1, 3, 5, 6)
    average = load_model(path, note=notes.append, registry=registry)
    assert notes == [
        "weights taken: params-ema, the moving average; also in the file: params, optimizer"
    ]
    assert torch.equal(average(lr), load_model(out, registry=registry)(lr))


def test_ordered_tables_and_nothing_else_in_the_file_say_nothing(registry, tmp_path):
    torch.save({"params": collections.OrderedDict(RAW), "iter": 3}, tmp_path / "w.pth")
    assert import_weights(tmp_path / "w.pth", registry)[0].notes() == ()
