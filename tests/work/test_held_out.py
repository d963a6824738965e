"""Is what something was judged by never trained on, whatever happens to folders and names?"""

import io
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from srkit_core.callbacks import Callback
from srkit_core.cli.app import run
from srkit_core.data.bundled_photographs import bundled_photographs
from srkit_core.data.near_duplicates import join_copies
from srkit_core.data.picture_digest import digest_of
from srkit_core.data.picture_set import open_picture_set, split_pictures
from srkit_core.data.splits import choose
from srkit_core.engine.trainer import train
from srkit_core.errors import DataError
from srkit_core.io.images import write_image
from srkit_core.models.weights_card import read_card
from srkit_core.recipe import recipe_from_dict
from srkit_core.run_folder import read_environment
from srkit_core.run_options import RunOptions

STAGE = {"loss": "l1", "steps": 1, "batch": 1, "patch": 32}


def recipe(steps=1, **data):
    return recipe_from_dict(
        {
            "generator": "srvgg(features=4, blocks=1)",
            "validation": {"pictures": 0, "metrics": "psnr"},
            "data": data,
            "stages": [STAGE | {"steps": steps}],
        }
    )


def squares(seed, side=48):
    """A picture of coloured squares, which looks the same after a JPEG."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (4, 4, 3), dtype=np.uint8).repeat(side // 4, 0).repeat(side // 4, 1)


def photographs(folder, seeds):
    for seed in seeds:
        write_image(folder / f"{seed}.png", squares(seed))
    return folder


def encoded(pixels, ending, **options):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, ending, **options)
    return stream.getvalue()


def begun(data, out, wanted=None, resume=None, **changes):
    """Train, and return what it said and which pictures it trained on and was judged by."""
    notes = []
    listener = type("Listener", (Callback,), {"on_note": lambda _, text: notes.append(text)})()
    options = RunOptions(data=str(data), out=out, device="cpu", **changes)
    train(wanted or recipe(), options, resume=resume, callbacks=[listener])
    environment = read_environment(out)
    left = [note.partition(": ")[2] for note in notes if note.startswith("left out, as")]
    return set(environment["validation"]), left, int(trained(notes)), notes


def trained(notes):
    (line,) = [note for note in notes if note.startswith("training on")]
    return line.split(", ")[1].removesuffix(" pictures")


def digests(folder, names):
    found = {one.name: digest_of(one).sha256 for one in open_picture_set(str(folder)).pictures}
    return {found[name] for name in names}


def test_the_card_and_the_record_list_what_was_held_out(tmp_path):
    data = photographs(tmp_path / "data", range(6))
    held, _, count, _ = begun(data, tmp_path / "run", recipe(test=["5"]))
    assert count == 4
    (name,) = held
    card = read_card(tmp_path / "run/weights/last.safetensors")
    assert {sha256 for sha256, _ in card.held_out} == digests(data, [name, "5"])
    assert [size for _, size in card.held_out if size == (data / "5.png").stat().st_size]
    recorded = read_environment(tmp_path / "run")["held_out"]
    assert [tuple(one) for one in recorded] == list(card.held_out)


def test_a_resume_on_a_larger_copy_keeps_what_was_held_out(tmp_path):
    """The default split is a count that a new picture moves; not that of a run that goes on."""
    for added in range(100, 140):
        names = {str(one): str(one) for one in (*range(8), added)}
        before, _ = choose({str(one): str(one) for one in range(8)}, (), (), "")
        if choose(names, (), (), "")[0] != before:
            break
    data = photographs(tmp_path / "data", range(8))
    held, _, _, _ = begun(data, tmp_path / "run")
    assert held == before
    larger = photographs(tmp_path / "larger", [*range(8), added])
    again, left, count, _ = begun(larger, tmp_path / "run", recipe(2), "newest")
    assert (again, left, count) == (held, [], 8)


def test_a_resume_with_val_leaves_out_what_was_held_out(tmp_path):
    data = photographs(tmp_path / "data", range(8))
    held, _, _, _ = begun(data, tmp_path / "run")
    other = photographs(tmp_path / "other", [50])
    _, left, count, _ = begun(data, tmp_path / "run", recipe(2), "newest", val={"": str(other)})
    assert (left, count) == ([*held], 7)
    _, left, count, _ = begun(data, tmp_path / "run", recipe(3), "newest", val={"": str(other)})
    assert (left, count) == ([*held], 7)


def test_what_was_held_out_is_known_by_its_weights_when_the_record_is_lost(tmp_path):
    data = photographs(tmp_path / "data", range(8))
    held, _, _, _ = begun(data, tmp_path / "run")
    (tmp_path / "run/environment.json").unlink()
    other = photographs(tmp_path / "other", [50])
    _, left, count, _ = begun(data, tmp_path / "run", recipe(2), "newest", val={"": str(other)})
    assert (left, count) == ([*held], 7)


@pytest.mark.parametrize("way", ["names", "val", "prepared", "again"])
def test_fine_tuning_leaves_out_what_the_weights_were_judged_by(tmp_path, way):
    """Under other names, in a prepared folder, after another fine-tuning: by digest."""
    data = photographs(tmp_path / "data", range(8))
    held, _, _, _ = begun(data, tmp_path / "run", recipe(test=["5"]))
    (name,) = held
    init = tmp_path / "run/weights/last.safetensors"
    other = tmp_path / "other"
    if way == "prepared":
        assert run(["prepare", str(data), str(other), "--patch", "32"]) == 0
        names = {name, "5"}
    else:
        other.mkdir()
        for path in data.iterdir():
            shutil.copy(path, other / f"of {path.name}")
        names = {f"of {name}", "of 5"}
    changes = {"val": {"": str(photographs(tmp_path / "val", [50]))}} if way != "names" else {}
    if way == "again":
        begun(photographs(tmp_path / "c", range(60, 64)), tmp_path / "between", init=init)
        init = tmp_path / "between/weights/last.safetensors"
    judged, left, count, _ = begun(other, tmp_path / "new", init=init, **changes)
    assert count == 6
    if way == "names":
        (first,) = judged
        assert judged | set(left) == names
        assert first in names
    else:
        (said,) = left
        assert {one.removesuffix(".png") for one in said.split(", ")} == names
    card = read_card(tmp_path / "new/weights/last.safetensors")
    assert digests(data, [name, "5"]) <= {sha256 for sha256, _ in card.held_out}


def test_pictures_of_val_that_are_trained_on_are_said_and_stay_so(tmp_path):
    data = photographs(tmp_path / "data", range(4))
    val = photographs(tmp_path / "val", [2, 50])
    _, _, count, notes = begun(data, tmp_path / "run", val={"": str(val)})
    assert count == 4
    assert "warning: 2 of --val are trained on too, so that scores flatter" in notes
    card = read_card(tmp_path / "run/weights/last.safetensors")
    assert {sha256 for sha256, _ in card.held_out} == digests(val, ["50"])


def test_hold_out_beside_val_sets_nothing_aside_and_says_so(tmp_path):
    data = photographs(tmp_path / "data", range(6))
    val = photographs(tmp_path / "val", [50])
    wanted = recipe(hold_out=["1", "2"], test=["3"])
    _, left, count, notes = begun(data, tmp_path / "run", wanted, val={"": str(val)})
    assert (left, count) == ([], 5)
    assert "data.hold_out holds out nothing, as --val names what validation sees" in notes
    assert "kept for a test: 3" in notes


@pytest.mark.parametrize("kind", ["copies", "jpeg", "webp", "parts"])
@pytest.mark.parametrize("hold_out", [(), 0.4, ["0"]])
def test_copies_of_a_picture_are_never_parted(tmp_path, kind, hold_out):
    """Six copies of picture 0, beside five others."""
    data = photographs(tmp_path / "data", range(6))
    content = (data / "0.png").read_bytes()
    for number in range(5):
        name, quality = f"copy{number}", 50 + 8 * number
        if kind == "copies":
            (data / f"{name}.png").write_bytes(content)
        elif kind == "parts":
            write_image(data / f"0_s{number:03d}.png", squares(100 + number))
        else:
            ending = {"jpeg": "jpg"}.get(kind, kind)
            (data / f"{name}.{ending}").write_bytes(encoded(squares(0), kind, quality=quality))
    splits = split_pictures(open_picture_set(str(data)), hold_out, ())
    copies = {"0", *(f"copy{number}" for number in range(5)), *(f"0_s00{n}" for n in range(5))}
    held = {one.name for one in splits.validation} & copies
    kept = {one.name for one in splits.training} & copies
    assert (len(held), len(kept)) in ((6, 0), (0, 6))
    if hold_out == ["0"]:
        assert len(held) == 6
    assert len(splits.validation) + len(splits.training) == 11


def test_copies_across_the_places_of_a_mixture_are_never_parted(tmp_path):
    first = photographs(tmp_path / "first", range(6))
    second = tmp_path / "second"
    second.mkdir()
    for number in range(6):
        shutil.copy(first / f"{number}.png", second / f"other{number}.png")
    splits = split_pictures(open_picture_set(f"{first} + 2*{second}"), 0.5, ())
    digit = {int(one.name[-1]) for one in splits.training} & {
        int(one.name[-1]) for one in splits.validation
    }
    assert not digit
    assert len(splits.validation) + len(splits.training) == 12


def test_only_copies_of_one_picture_cannot_be_split(tmp_path):
    data = photographs(tmp_path / "data", [0])
    for number in range(5):
        shutil.copy(data / "0.png", data / f"copy{number}.png")
    with pytest.raises(DataError, match="has too few pictures to hold any out"):
        split_pictures(open_picture_set(str(data)), (), ())


def test_pictures_that_differ_stay_apart_and_too_many_are_said(tmp_path):
    data = photographs(tmp_path / "data", range(12))
    pictures = open_picture_set(str(data)).pictures
    assert len({one.group for one in join_copies(pictures).pictures}) == 12
    joined = join_copies(pictures, most_pixels=48 * 48 * 11)
    assert joined.remarks == (
        "12 pictures of equal sizes are too many to look for copies in another encoding, which a "
        "split may part; srkit prepare finds and leaves them out",
    )


def test_a_split_by_share_never_moves_and_the_default_may(tmp_path):
    few, more = ({str(n): str(n) for n in range(count)} for count in (8, 60))
    for shares in ((0.4, 0.4), (0.5, ())):
        before, after = choose(few, *shares, ""), choose(more, *shares, "")
        assert all(
            old == {one for one in new if int(one) < 8}
            for old, new in zip(before, after, strict=True)
        )
    moved = [choose(few, (), (), "")[0] - choose(more, (), (), "")[0]]
    assert any(moved)


def test_prepared_copies_that_stay_are_of_one_split(tmp_path):
    data, names = tmp_path / "data", [path.stem for path in bundled_photographs()[:9]]
    for path in bundled_photographs()[:9]:
        small = np.asarray(Image.open(path).convert("RGB").resize((192, 192)))
        write_image(data / f"{path.stem}.png", small)
        for copy in range(3):
            jpeg = encoded(small, "jpeg", quality=80 + 5 * copy)
            (data / f"x{copy}of-{path.stem}.jpg").write_bytes(jpeg)
    out = tmp_path / "out"
    words = ["prepare", str(data), str(out), "--patch", "96", "--split", "0.3,0.3"]
    assert run([*words, "--keep-duplicates"]) == 0
    pictures = json.loads((out / "manifest.json").read_text())["pictures"]
    of = [[one for one in pictures if one["source"].rpartition(name)[1]] for name in names]
    assert [len(same) for same in of] == [4] * 9
    parts = [{one["split"] for one in same} for same in of]
    assert [len(part) for part in parts] == [1] * 9
    assert len(set.union(*parts)) > 1
    assert [len({one["group"] for one in same}) for same in of] == [1] * 9


def test_a_split_too_small_to_exist_is_said(tmp_path, capsys):
    data = photographs(tmp_path / "data", range(4))
    words = ["prepare", str(data), str(tmp_path / "out"), "--patch", "32"]
    assert run([*words, "--split", "0.01,0.02"]) == 0
    said = capsys.readouterr().out
    for share, use in (("0.01", "validation"), ("0.02", "a test")):
        assert f"--split 0.01,0.02: no picture falls into the {share} for {use}" in said
    with pytest.raises(DataError) as caught:
        begun(data, tmp_path / "run", recipe(hold_out=0.01))
    assert "falls into the share of 0.01 of data.hold_out" in caught.value.message
    assert caught.value.hint == "a larger share, or names: --set 'data.hold_out=[\"0\"]'"
    assert not (tmp_path / "run").exists()
