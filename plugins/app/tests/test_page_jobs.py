"""Does the page make what the command makes, whatever becomes of one picture?"""

import zipfile
from io import BytesIO
from threading import Event

import pytest
from PIL import Image

from srkit_app.page_jobs import make_batch
from srkit_app.rows import error_text, fetch_row, progress_rows, result_links
from srkit_app.session import Workshop, shown_pair
from srkit_app.wishes import Wish
from srkit_app.zip_stream import zip_stream
from srkit_core import bundled_photographs, discover, upscale
from srkit_core.errors import DataError, SrkitError, WeightsError


@pytest.fixture(scope="module")
def registry():
    return discover()


@pytest.fixture
def pictures(tmp_path):
    """A JPEG, a transparent PNG of the same stem, and what is no picture."""
    with Image.open(bundled_photographs()[0]) as photo:
        photo.crop((0, 0, 24, 16)).save(tmp_path / "A one.jpg", exif=_exif())
        clear = photo.crop((9, 9, 25, 29))
    clear.putalpha(90)
    clear.save(tmp_path / "a one.png")
    (tmp_path / "notes<b>.txt").write_text("no picture")
    return [tmp_path / name for name in ("A one.jpg", "a one.png", "notes<b>.txt")]


def _exif():
    exif = Image.Exif()
    exif[271] = "a camera"
    return exif


def test_results_are_the_bytes_of_the_command(registry, pictures, tmp_path):
    batch = make_batch(tmp_path / "out", Wish("bicubic", 3, "", "webp", 80), pictures)
    looks = sum(1 for _ in batch.watch(registry))
    assert looks >= 1
    assert [one.state for one in batch.jobs] == ["done", "done", "failed"]
    assert [one.target.name for one in batch.done] == ["A one.jpg_x3.webp", "a one.png_x3.webp"]
    for job in batch.done:
        upscale("bicubic", job.source, tmp_path / "same.webp", scale=3, quality=80)
        assert job.target.read_bytes() == (tmp_path / "same.webp").read_bytes()
    assert batch.jobs[0].said == "24 x 16 became 72 x 48 pixels"


def test_an_error_is_told_by_name_alone(registry, pictures, tmp_path):
    batch = make_batch(tmp_path / "out", Wish("bicubic", 2), pictures[2:])
    batch.run(registry)
    (job,) = batch.jobs
    assert str(tmp_path) not in job.said + job.hint
    html = progress_rows(batch)
    assert "notes&lt;b&gt;.txt: it is not a picture of a known format" in html
    assert "<b>" not in html
    assert "<strong>try:</strong> leave the file out" in html
    assert result_links(batch) == ""


def test_a_model_that_cannot_be_opened_fails_every_picture(registry, pictures, tmp_path):
    batch = make_batch(tmp_path / "out", Wish("nothing-such", 2), pictures)
    batch.run(registry)
    assert {one.state for one in batch.jobs} == {"failed"}
    assert "'nothing-such'" in batch.jobs[0].said


def test_who_stops_it_gets_what_is_done(registry, pictures, tmp_path):
    batch = make_batch(tmp_path / "out", Wish("bicubic", 2), pictures)
    batch.stop.set()
    batch.run(registry)
    assert [one.state for one in batch.jobs] == ["stopped"] * 3
    assert list(batch.folder.iterdir()) == []


def test_who_looks_no_more_ends_it(registry, pictures, tmp_path):
    batch = make_batch(tmp_path / "out", Wish("bicubic", 2), pictures)
    looking = batch.watch(registry)
    next(looking)
    looking.close()
    assert batch.stop.is_set()


def test_links_are_of_each_and_of_all(registry, pictures, tmp_path):
    batch = make_batch(tmp_path / "token", Wish("bicubic", 2), pictures[:2])
    batch.run(registry)
    html = result_links(batch)
    assert '<a href="/results/token/A%20one.jpg_x2.png" download="A one.jpg_x2.png">' in html
    assert '<a href="/results/token.zip" download="srkit.zip">Download all 2 pictures' in html


def test_equal_names_become_unlike(tmp_path):
    batch = make_batch(tmp_path / "out", Wish("m", 2), [tmp_path / "1/a.png", tmp_path / "2/a.png"])
    assert [one.target.name for one in batch.jobs] == ["a.png_x2.png", "a.png_x2-2.png"]


def test_a_workshop_keeps_results_inside(registry, pictures, tmp_path):
    workshop = Workshop(tmp_path / "results", registry)
    batch = workshop.begin(Wish("bicubic", 2), [str(one) for one in pictures[:1]])
    batch.run(registry)
    before, after, whole = shown_pair(batch.done[0])
    assert whole
    assert Image.open(before).size == Image.open(after).size == (48, 32)
    home, name = batch.folder.name, batch.done[0].target.name
    assert workshop.result(home, name) == batch.done[0].target
    assert workshop.results(home) == [batch.done[0].target]
    for batch_name, file in ((home, ".srkit-written"), (home, "../x"), ("..", "a one.png")):
        assert workshop.result(batch_name, file) is None
    batch.forget()
    assert workshop.results(home) == []


def test_what_is_missing_is_said(registry, tmp_path):
    workshop = Workshop(tmp_path, registry)
    with pytest.raises(DataError, match="no picture yet"):
        workshop.begin(Wish("bicubic", 2), None)
    missing = next((one for one in workshop.choices.values() if not one.here), None)
    if missing is None:
        pytest.skip("every model is on this machine")
    assert missing.label == f"{missing.name} (to fetch: {missing.megabytes})"
    assert "Not on this machine" in missing.about
    with pytest.raises(WeightsError, match="is not on this machine") as caught:
        workshop.begin(Wish(missing.name, 2), [tmp_path / "a.png"])
    assert caught.value.hint == "the button Fetch the model, or another model"


def test_a_model_is_fetched_in_a_thread_that_tells_how_far(registry, tmp_path, monkeypatch):
    workshop, seen = Workshop(tmp_path, registry), Event()

    def fetch(name, registry, report):
        report(name, 500_000, 2_000_000)
        seen.wait(10)

    monkeypatch.setattr("srkit_app.session.fetch_model", fetch)
    fetching = workshop.fetch("m")
    assert next(fetching) == fetch_row("m", 500_000, 2_000_000)
    seen.set()
    assert [*fetching] == []
    assert "0.5 of 2.0 MB" in fetch_row("m", 500_000, 2_000_000)


def test_a_model_that_cannot_be_had_is_an_error(registry, tmp_path, monkeypatch):
    def fetch(*_):
        raise WeightsError("the home of 'm' did not answer", hint="srkit weights add m FILE")

    monkeypatch.setattr("srkit_app.session.fetch_model", fetch)
    with pytest.raises(SrkitError) as caught:
        list(Workshop(tmp_path, registry).fetch("m"))
    assert "<strong>try:</strong> srkit weights add m FILE" in error_text(caught.value)


def test_the_usual_model_comes_first_and_is_here(registry, tmp_path):
    choices = [*Workshop(tmp_path, registry).choices.values()]
    assert (choices[0].name, choices[0].scale, choices[0].here) == ("compact-photo-x4", 4, True)
    assert [one.name for one in choices[-2:]] == ["bicubic", "lanczos"]


def test_a_zip_of_all_holds_them_as_they_are(tmp_path):
    for name, size in (("a.png", 10), ("b \u00e4.png", 3_000_000)):
        (tmp_path / name).write_bytes(bytes(size))
    files = sorted(tmp_path.iterdir())
    pieces = [*zip_stream(files)]
    assert max(map(len, pieces)) < 2**21
    with zipfile.ZipFile(BytesIO(b"".join(pieces))) as archive:
        assert archive.testzip() is None
        assert {one: len(archive.read(one)) for one in archive.namelist()} == {
            "a.png": 10,
            "b \u00e4.png": 3_000_000,
        }
