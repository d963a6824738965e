"""Does srkit work in environments that other programs and systems leave behind?"""

import pwd

import numpy as np
import pytest

from srkit_core.callbacks import Callback
from srkit_core.cli.app import run
from srkit_core.engine.trainer import train
from srkit_core.io.images import write_image
from srkit_core.recipe import recipe_from_dict
from srkit_core.run_options import RunOptions

WISH = recipe_from_dict(
    {
        "generator": "srvgg(features=4, blocks=1)",
        "scale": 2,
        "validation": {"pictures": 0, "metrics": "psnr"},
        "stages": [{"loss": "l1", "steps": 1, "batch": 1, "patch": 16}],
    }
)


@pytest.fixture
def photos(tmp_path):
    for number in range(2):
        pixels = np.random.default_rng(number).integers(0, 256, (24, 24, 3), dtype=np.uint8)
        write_image(tmp_path / f"photos/{number}.png", pixels)
    return tmp_path / "photos"


class Notes(Callback):
    def __init__(self):
        self.texts = []

    def on_note(self, text):
        self.texts.append(text)


@pytest.mark.parametrize(
    "variables",
    [
        {"RANK": "1"},
        {"RANK": "node7"},
        {"WORLD_SIZE": ""},
        {"LOCAL_RANK": "0"},
        {"RANK": "1", "WORLD_SIZE": "4", "MASTER_PORT": "abc", "MASTER_ADDR": "node1"},
        {"PMI_RANK": "three", "OMPI_COMM_WORLD_SIZE": "8", "ACCELERATE_USE_DEEPSPEED": "true"},
        {"SLURM_PROCID": "3", "SLURM_NTASKS": "8", "SLURM_LOCALID": "x"},
        {"OMP_NUM_THREADS": "", "MKL_NUM_THREADS": "many"},
    ],
    ids=str,
)
def test_a_run_is_alone_where_no_launcher_began_it(photos, tmp_path, monkeypatch, variables):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    notes, out = Notes(), tmp_path / "run"
    options = RunOptions(data=str(photos), val={"": str(photos)}, out=out, device="cpu")
    train(WISH, options, callbacks=[notes])
    assert (out / "summary.json").exists()
    said = [text for text in notes.texts if text.startswith("ignored, as no launcher")]
    believable = any(name in variables for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"))
    assert len(said) == believable


def test_the_command_line_speaks_whatever_the_rank_that_was_left_over(monkeypatch, capsys):
    monkeypatch.setenv("RANK", "node7")
    assert run(["recipes", "no-such"]) == 2
    assert capsys.readouterr().err.startswith("error: there is no recipe file")


@pytest.fixture(params=[None, "/dev/null/nobody"], ids=["no home", "a home that cannot be"])
def homeless(request, monkeypatch):
    def unknown(number):
        raise KeyError(f"getpwuid(): uid not found: {number}")

    for name in ("HOME", "XDG_CACHE_HOME", "TORCH_HOME", "SRKIT_CACHE", "SRKIT_WEIGHTS"):
        monkeypatch.delenv(name, raising=False)
    if request.param:
        monkeypatch.setenv("HOME", request.param)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    return request.param


@pytest.mark.parametrize(
    "words",
    [
        "doctor",
        "weights list",
        "recipes srresnet",
        "check srresnet",
        "show srvgg --build",
        "upscale bicubic {photos}/0.png --out {out}/large.png",
        "eval bicubic --data {photos}",
        "prepare {photos} {out}/prepared --patch whole --workers 1",
    ],
)
@pytest.mark.usefixtures("homeless")
def test_what_needs_no_cache_works_without_a_home(photos, tmp_path, words, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code = run([word.format(photos=photos, out=tmp_path) for word in words.split()])
    assert code == 0, capsys.readouterr()
    assert not (tmp_path / "~").exists()


@pytest.mark.usefixtures("homeless")
def test_a_run_needs_no_home(photos, tmp_path):
    options = RunOptions(data=str(photos), val={"": str(photos)}, out=tmp_path / "r", device="cpu")
    assert train(WISH, options).weights.exists()


def test_what_needs_the_cache_names_the_variable(homeless, photos, capsys):
    assert run(["weights", "add", "vgg19-torchvision", str(photos / "0.png")]) == 4
    if homeless is None:
        from srkit_core.errors import WeightsError
        from srkit_core.user_cache import cache_folder

        with pytest.raises(WeightsError, match="this user has no home folder") as caught:
            cache_folder()
        assert caught.value.hint == "SRKIT_CACHE=FOLDER that can be written"


@pytest.mark.parametrize("value", ["", "0"])
def test_a_trace_that_is_switched_off_shows_none(monkeypatch, capsys, value):
    monkeypatch.setenv("SRKIT_TRACE", value)
    assert run(["recipes", "no-such"]) == 2
    assert "Traceback" not in capsys.readouterr().err
