"""Does a batch go on where it stopped, and does one bad picture spare the others?"""

import json
import shlex
import shutil

import numpy as np
import pytest

from srkit_core import pretrained
from srkit_core.cli.app import run
from srkit_core.io.images import image_size, read_image, write_image
from srkit_core.models import weights_address
from srkit_core.upscaling import batch

BATCH = "upscale nearest photos --scale 2 --out large"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with four photographs, in which commands are typed."""
    monkeypatch.chdir(tmp_path)
    for number in range(4):
        pixels = np.random.default_rng(number).integers(0, 256, (12, 16, 3), dtype=np.uint8)
        write_image(tmp_path / f"photos/{number}.png", pixels)
    return tmp_path


@pytest.fixture
def told(here, capsys):
    """Run a command line; returns its code, standard output and standard error by lines."""

    def tell(words):
        code = run(shlex.split(words))
        said = capsys.readouterr()
        return code, said.out.splitlines(), said.err.splitlines()

    return tell


def outputs(folder):
    return sorted(one.name for one in folder.glob("[!.]*"))


@pytest.fixture
def interrupted(monkeypatch):
    """Ctrl-C while the third picture is computed."""
    real, count = batch.begin_file, iter(range(3))

    def begin(*words, **options):
        if next(count, None) == 2:
            raise KeyboardInterrupt
        return real(*words, **options)

    monkeypatch.setattr(batch, "begin_file", begin)


def test_a_stopped_batch_goes_on_by_the_command_that_is_told(here, told, interrupted):
    code, _, said = told(BATCH)
    assert (code, said) == (130, ["error: interrupted", f"try: srkit {BATCH}"])
    assert outputs(here / "large") == ["0.png", "1.png"]
    before = (here / "large/0.png").stat().st_mtime_ns
    code, out, said = told(said[1].removeprefix("try: srkit "))
    assert (code, said, out[0], len(out)) == (0, [], "2 of 4 are done already", 3)
    assert (here / "large/0.png").stat().st_mtime_ns == before
    assert told(BATCH) == (0, ["4 of 4 are done already"], [])


def test_what_was_made_otherwise_is_refused_and_overwrite_makes_it_again(here, told):
    assert told(f"{BATCH} --precision fp32")[0] == 0
    code, _, said = told(BATCH)
    assert (code, said[0]) == (
        2,
        "error: large/0.png exists already, made with x2 --precision fp32, not x2",
    )
    assert told(BATCH.replace("nearest", "bicubic"))[2][0] == (
        "error: large/0.png exists already, made by another model"
    )
    write_image(here / "photos/0.png", np.zeros((4, 4, 3), np.uint8))
    code, _, said = told(f"{BATCH} --precision fp32")
    assert said == [
        "error: large/0.png exists already, made of another picture",
        "try: --overwrite makes it again; or --out another place",
    ]
    assert told(f"{BATCH} --overwrite")[0] == 0
    assert image_size(here / "large/0.png") == (8, 8)
    assert told(BATCH) == (0, ["4 of 4 are done already"], [])


def test_a_file_of_somebody_else_is_never_taken_for_done(here, told):
    write_image(here / "large/3.png", np.zeros((24, 32, 3), np.uint8))
    code, out, said = told(BATCH)
    assert (code, out, said[0]) == (2, [], "error: large/3.png exists already")
    assert outputs(here / "large") == ["3.png"]
    (here / "large/3.png").unlink()
    assert told(BATCH)[0] == 0
    (here / "large/3.png").write_bytes(b"of somebody else")
    assert told(BATCH)[2][0] == "error: large/3.png exists already"


def test_a_record_of_an_older_srkit_makes_nothing_done(here, told):
    assert told(BATCH)[0] == 0
    record = here / "large/.srkit-written"
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    assert lines[-1]["origin"].keys() == {"source", "model", "options"}
    record.write_text("".join(json.dumps({k: v for k, v in one.items() if k != "origin"}) + "\n"
                              for one in lines))  # fmt: skip
    assert told(BATCH)[2][0] == "error: large/0.png exists already"


def test_a_bad_picture_is_named_the_rest_done_and_the_code_says_so(here, told):
    (here / "photos/1.png").write_text("words")
    code, out, said = told(BATCH)
    assert (code, len(out)) == (4, 3)
    reason = "photos/1.png: cannot read photos/1.png: it is not a picture of a known format"
    assert said == [
        f"not upscaled: {reason}",
        f"error: 1 picture was not upscaled: {reason}",
        "try: see above for all of them; the same command does what is missing",
    ]
    assert outputs(here / "large") == ["0.png", "2.png", "3.png"]
    write_image(here / "photos/1.png", np.zeros((4, 4, 3), np.uint8))
    assert told(BATCH)[:2] == (
        0,
        ["3 of 4 are done already", "photos/1.png (4x4) -> large/1.png (8x8)"],
    )


def test_a_dry_run_says_what_would_be_and_writes_nothing(here, told):
    before = sorted(here.rglob("*"))
    code, out, said = told(f"{BATCH} --dry-run")
    assert (code, out[3], len(out)) == (0, "photos/3.png (16x12) -> large/3.png (32x24)", 4)
    assert said == ["nothing was written (--dry-run)"]
    assert sorted(here.rglob("*")) == before
    (here / "photos/1.png").write_text("words")
    code, out, said = told(f"{BATCH} --dry-run")
    assert (code, len(out)) == (4, 3)
    assert said[2] == "error: 1 of 4 pictures cannot be read, such as photos/1.png"
    code, out, said = told(f"{BATCH.replace('nearest', 'nearer')} --dry-run")
    assert (code, out, said[0]) == (
        4, [], "error: 'nearer' is neither a weights file nor a baseline",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("same", ["0.png", "1.png", "2.png", "3.png", "4.webp", "5.png"]),
        ("tif", ["0.tif", "1.tif", "2.tif", "3.tif", "4.tif", "5.tif"]),
    ],
)
def test_a_format_is_chosen_or_that_of_the_source(here, told, word, names):
    pixels = read_image(here / "photos/0.png")
    write_image(here / "photos/4.webp", pixels)
    from PIL import Image

    Image.fromarray(pixels).save(here / "photos/5.gif")
    assert told(f"{BATCH} --format {word}")[0] == 0
    assert outputs(here / "large") == names
    assert np.array_equal(
        read_image(here / "large" / names[4]), pixels.repeat(2, axis=0).repeat(2, axis=1)
    )


@pytest.fixture
def nothing_fetched(here, monkeypatch):
    """No weights are on this machine, and none may come."""
    for module, name in ((pretrained, "obtain_first"), (weights_address, "_fetch")):
        monkeypatch.setattr(module, name, lambda *one: pytest.fail("weights were fetched"))
    monkeypatch.setenv("SRKIT_CACHE", str(here / "nothing"))
    monkeypatch.delenv("SRKIT_WEIGHTS", raising=False)


TINY = "https://example.org/tiny.safetensors"


@pytest.mark.parametrize(
    ("words", "missing", "becomes"),
    [
        ("realesr-general-x4v3 photos", "realesr-general-x4v3 (4.9 MB)", "photos_x4/0.png (64x48)"),
        (f"{TINY} photos", f"{TINY}, whose scale is not known before", "photos_xN/0.png"),
        ("hf://me/nets/w.pth photos", "hf://me/nets/w.pth, whose scale is", "photos_xN/0.png"),
        (f"{TINY} photos --scale 3", f"{TINY}", "photos_x3/0.png (48x36)"),
        (f"{TINY} photos --size 40x", f"{TINY}", "photos_40x/0.png (40x30)"),
        (f"{TINY} photos --out large", f"{TINY}, whose scale", "large/0.png"),
        (f"realesr-general-x4v3:0.5+{TINY}:0.5 photos", TINY, "photos_x4/0.png (64x48)"),
    ],
)
def test_a_dry_run_fetches_no_weights(here, told, nothing_fetched, words, missing, becomes):
    """Known weights say their scale themselves, and nobody knows that of an address."""
    code, out, said = told(f"upscale {words} --dry-run")
    assert (code, len(out), said[-1]) == (0, 4, "nothing was written (--dry-run)")
    assert out[0] == f"photos/0.png (16x12) -> {becomes}"
    assert said[-2].startswith(f"to be fetched first: {missing}")
    assert not (here / "nothing").exists()


@pytest.mark.parametrize(
    ("model", "fact"),
    [
        (f"{TINY}#sha256=12", f"{TINY}#sha256=12 is pinned by '12', which is no sha256"),
        (f"gone:0.5+{TINY}:0.5", "'gone' names no weights"),
        ("ftq://a/b.safetensors", "nothing that is installed reads ftq://"),
    ],
)
def test_a_dry_run_refuses_what_can_never_be_fetched(told, nothing_fetched, model, fact):
    code, out, said = told(f"upscale {model} photos --dry-run")
    assert (code, out) == (4, [])
    assert said[0].startswith(f"error: {fact}")


def test_a_dry_run_goes_by_an_address_that_was_fetched_before(
    here, told, registry, nothing_fetched
):
    pytest.importorskip("srkit_compact")
    weights = pretrained.find(registry.pretrained("compact-x2")).path
    kept = weights_address.kept_at(TINY)
    kept.parent.mkdir(parents=True)
    shutil.copyfile(weights, kept)
    code, out, said = told(f"upscale {TINY} photos/1.png --dry-run")
    assert (code, out) == (0, ["photos/1.png (16x12) -> photos/1_x2.png (32x24)"])
    assert said == ["nothing was written (--dry-run)"]


def test_a_bad_quality_is_told_before_the_model_is_opened(here, told, monkeypatch):
    monkeypatch.setattr(batch, "upscale_here", lambda *one: pytest.fail("it was opened"))
    code, out, said = told(f"{BATCH} --quality 90")
    assert (code, out) == (2, [])
    assert said[0] == "error: --quality 90 is not for .png, which is written without loss"
    code, out, said = told(f"{BATCH} --png-level 6 --format jpg")
    assert (code, out, said[0]) == (2, [], "error: --png-level 6 is of PNG, not of .jpg")


def test_a_folder_that_was_made_for_nothing_goes_again(here, told, monkeypatch):
    def stop(asked, backend, source, target, *words, **options):
        target.parent.mkdir(parents=True)
        raise KeyboardInterrupt

    monkeypatch.setattr(batch, "begin_file", stop)
    assert told(BATCH)[0] == 130
    assert not (here / "large").exists()


def test_files_that_are_no_pictures_are_counted(here, told):
    for name in ("a.txt", "b.txt"):
        (here / "photos" / name).write_text("words")
    code, out, said = told(f"{BATCH} --dry-run")
    assert (code, len(out)) == (0, 4)
    assert said[0] == "left out of photos: 2 files without a picture ending"
