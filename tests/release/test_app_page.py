"""Does the page of `srkit app` make in a browser what the command line makes, and tell nobody?

Slow: an environment with Gradio and torch, a server and a Chromium, about a minute.
"""

import io
import os
import re
import signal
import subprocess
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from playwright.sync_api import expect

from srkit_core import bundled_photographs

pytestmark = pytest.mark.slow

MINUTES = 5 * 60_000
"""Milliseconds that a step of the page may take on a machine that does much else."""
NOTED = (
    "import sys\n"
    + """
def note(event, given):
    if event in ("socket.connect", "socket.getaddrinfo"):
        where = given[1] if event == "socket.connect" else given[:2]
        with open({file!r}, "a") as notes:
            print(event, where, file=notes)
sys.addaudithook(note)
"""
)
"""What Python runs when it starts: notes of every address that is connected to or looked up."""
OF_GRADIO = "warning: Method not implemented."
"""What Gradio 6.31 says in the console whenever its parts come or go."""


@dataclass(frozen=True)
class Served:
    """A running `srkit app`: its address, its process, its environment, and the file that notes
    whom it talked to.
    """

    address: str
    process: subprocess.Popen
    environment: object
    notes: Path


@pytest.fixture(scope="module")
def environment(clean_environment):
    return clean_environment("srkit-app")


@pytest.fixture
def served(environment, tmp_path):
    """A server of its own for each test, with temporary files in a folder of the test."""
    (tmp_path / "noted").mkdir()
    (tmp_path / "kept").mkdir()
    notes = tmp_path / "talked-to.txt"
    notes.touch()
    (tmp_path / "noted/sitecustomize.py").write_text(NOTED.format(file=str(notes)))
    told = {"PYTHONPATH": str(tmp_path / "noted"), "TMPDIR": str(tmp_path / "kept")}
    with subprocess.Popen(
        [environment.folder / "bin/srkit", "app"],
        env={**os.environ, **told},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            found = re.fullmatch(r"srkit app: (http://\S+/) \(.*\)\n", process.stdout.readline())
            yield Served(found[1], process, environment, notes)
        finally:
            process.kill()


@pytest.fixture
def pictures(tmp_path):
    """A photograph, a transparent picture of 16 bit, and a text that is none."""
    with Image.open(bundled_photographs()[0]) as photo:
        photo.crop((0, 0, 120, 90)).save(tmp_path / "my photo.jpg", quality=90, dpi=(300, 300))
        clear = photo.crop((100, 100, 160, 140))
    clear.putalpha(128)
    clear.save(tmp_path / "clear.png")
    (tmp_path / "notes.txt").write_text("this is no picture")
    return [tmp_path / name for name in ("my photo.jpg", "clear.png", "notes.txt")]


def put(page, files):
    """Drop files; again where the page was drawn and did not listen yet."""
    page.get_by_role("button", name="Upscale", exact=True).wait_for(timeout=MINUTES)
    for _ in range(10):
        page.locator("input[type=file]").first.set_input_files(files)
        with suppress(PlaywrightTimeout):
            return page.locator(".file-preview").wait_for(timeout=30_000)
    raise AssertionError("the page takes no file")


def saved(page, name) -> bytes:
    with page.expect_download(timeout=MINUTES) as download:
        page.get_by_role("link", name=f"Download {name}").click()
    return Path(download.value.path()).read_bytes()


def written(environment, *words) -> bytes:
    """What `srkit upscale` writes in the same environment."""
    out = words[words.index("--out") + 1]
    environment.run("srkit", "upscale", *words)
    return Path(out).read_bytes()


def strangers(served) -> list[str]:
    lines = served.notes.read_text().splitlines()
    return [one for one in lines if "127.0.0.1" not in one and "localhost" not in one]


def test_what_is_downloaded_is_what_the_command_line_writes(served, open_page, pictures, tmp_path):
    opened = open_page(served.address)
    page = opened.page
    put(page, pictures)
    page.get_by_role("button", name="Upscale", exact=True).click()
    page.locator("#compare img").nth(1).wait_for(timeout=MINUTES)
    made = {}
    for picture in pictures[:2]:
        name = f"{picture.stem}_x4.png"
        made[name] = saved(page, name)
        words = ["compact-photo-x4", picture, "--out", tmp_path / name]
        assert made[name] == written(served.environment, *words)
    with zipfile.ZipFile(io.BytesIO(saved(page, "all 2 pictures"))) as archive:
        assert {one: archive.read(one) for one in archive.namelist()} == made
    refused = page.get_by_role("alert").inner_text()
    assert refused.startswith("error: cannot read notes.txt: it is not a picture")
    assert "try: leave the file out" in refused
    assert page.get_by_role("progressbar", name="clear.png").get_attribute("value") == "1.000"
    assert {*opened.complaints} <= {OF_GRADIO}
    assert opened.hosts == {served.address.removeprefix("http://").strip("/")}
    assert strangers(served) == []


def test_a_custom_size_and_a_format_by_the_keyboard(served, open_page, pictures, tmp_path):
    """Another model, a size and a quality, without a mouse; then Ctrl-C."""
    opened = open_page(served.address, width=360, dark=True)
    page = opened.page
    put(page, pictures[:1])
    page.get_by_role("radio", name="custom").focus()
    page.keyboard.press("Space")
    page.get_by_label("Custom scale or size in pixels").fill("300x", timeout=MINUTES)
    page.get_by_label("Format").focus()
    page.get_by_label("Format").fill("JPEG")
    page.keyboard.press("Enter")
    page.get_by_label("Quality").fill("80", timeout=MINUTES)
    page.get_by_role("button", name="Upscale", exact=True).press("Enter")
    page.locator("#results a").wait_for(timeout=MINUTES)
    made = saved(page, "my photo_300x.jpg")
    words = ["compact-photo-x4", pictures[0], "--size", "300x", "--format", "jpg"]
    out = tmp_path / "same.jpg"
    assert made == written(served.environment, *words, "--quality", "80", "--out", out)
    assert Image.open(io.BytesIO(made)).size == (300, 225)
    line = page.get_by_role("slider", name="Where the line is, in percent from the left")
    line.press("End", timeout=MINUTES)
    expect(line).to_have_value("100")
    assert not opened.is_too_wide()
    assert "dark" in page.locator("body").get_attribute("class")

    served.process.send_signal(signal.SIGINT)
    assert served.process.wait(60) == 0
    assert served.process.stdout.read() == "srkit app: ended\n"
    assert [*(tmp_path / "kept").iterdir()] == []
    assert strangers(served) == []
