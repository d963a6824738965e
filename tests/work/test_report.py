"""Is a page of runs and scores whole, true to its sources, and safe to open?"""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image
from report_runs import HOSTILE, noise, write_run, write_saved, write_scores, write_sheets

from srkit_core import report as report_room
from srkit_core.cli.app import run as srkit
from srkit_core.report.html_parts import data_block, markup, tag
from srkit_core.report.paper_links import cited, licence_link

VOID = {"meta", "link", "img", "input", "br", "col"}
PAGE = Path(report_room.__file__).parent / "page"


class Read(HTMLParser):
    """Reads a page: which elements it has with which attributes, and whether all are closed."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.text, self.faults = [], [], [], []
        self.feed(text)
        self.close()
        self.faults += [f"<{name}> is not closed" for name in self.open]

    def handle_starttag(self, name, attributes):
        self.elements.append((name, dict(attributes)))
        if name not in VOID:
            self.open.append(name)

    def handle_endtag(self, name):
        if not self.open or self.open.pop() != name:
            self.faults.append(f"</{name}> closes nothing")

    def handle_data(self, text):
        if not self.open or self.open[-1] not in ("style", "script"):
            self.text.append(text)

    def all(self, name):
        return [attributes for one, attributes in self.elements if one == name]

    @property
    def words(self):
        return " ".join(" ".join(self.text).split())


def made(out, *words):
    """Return a page that the command made, as it was read."""
    assert srkit(["report", *map(str, words), "--out", str(out)]) == 0
    return Read(out.read_text(encoding="utf-8"))


def block(page_file, name):
    """Return the JSON document that a page holds for its scripts."""
    text = page_file.read_text(encoding="utf-8")
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', text, re.S)
    return json.loads(found[1])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("runs") / "a run")


@pytest.fixture(scope="module")
def page_file(run):
    out = run.parent / "page.html"
    assert srkit(["report", str(run), "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def page(page_file):
    return Read(page_file.read_text(encoding="utf-8"))


def test_elements_are_closed_and_ids_are_there_once(page):
    assert page.faults == []
    ids = [one["id"] for _, one in page.elements if "id" in one]
    assert sorted(ids) == sorted(set(ids))
    pointing = ("aria-describedby", "aria-labelledby", "for", "data-copy")
    wanted = {one[name] for _, one in page.elements for name in pointing if name in one}
    wanted |= {one["href"][1:] for one in page.all("a") if one["href"].startswith("#")}
    assert wanted <= set(ids)
    assert len(wanted) >= 8


def test_nothing_is_loaded_from_elsewhere(page, page_file):
    sources = [one["src"] for _, one in page.elements if "src" in one]
    assert len(sources) == 12, "two pictures of bicubic, HR and SR of four steps"
    assert [one[:40] for one in sources if not one.startswith("data:image/")] == []
    assert [one for one in page.all("link") if one["href"] != "data:,"] == []
    (policy,) = [one["content"] for one in page.all("meta") if "http-equiv" in one]
    assert policy.startswith("default-src 'none'; img-src data: 'self'; style-src 'sha256-")
    style = (PAGE / "report.css").read_text(encoding="utf-8")
    assert re.findall(r"@import|url\(|@font-face", style) == []
    scripts = "".join(path.read_text(encoding="utf-8") for path in PAGE.glob("*.js"))
    assert re.findall(r"fetch\(|XMLHttp|WebSocket|import\(|sendBeacon|innerHTML", scripts) == []
    assert page_file.stat().st_size < 2_000_000


def test_links_are_those_of_papers_and_licences(page):
    links = {one["href"] for one in page.all("a") if not one["href"].startswith("#")}
    assert "https://arxiv.org/abs/2107.10833" in links
    assert "https://spdx.org/licenses/Apache-2.0.html" in links
    assert {one["rel"] for one in page.all("a") if "rel" in one} == {"noreferrer noopener"}


def test_what_was_trained_is_told(page, run):
    for words in (
        "finished 200 steps",
        "30.00 dB +2.50 on bicubic stage main",
        "2 pictures held out: ×4, luma, border 4, 8 bit",
        f"srkit train '{run}/recipe.toml'",
        "srkit train mine.toml --data 'my photos'",
        "photos: 13 pictures, 9 of them trained on",
        "torch 2.9.0",
    ):
        assert words in page.words
    assert 'generator = "srvgg"' in page.words
    assert "What this page cannot show" not in page.words


def test_scores_stand_with_their_gains(page):
    assert "bicubic interpolation 27.5000 0.7900" in page.words
    assert "warmup, best 29.0000 +1.5000 step 100 0.9100 +0.1200 step 50" in page.words
    assert "main, last 30.0000 ± 0.5000 +2.5000" in page.words


def test_curves_are_those_of_the_rows(page_file):
    data = block(page_file, "curve-data")
    panels = {one["title"]: one for one in data["panels"]}
    assert list(panels) == ["total loss", "psnr", "ssim", "loss term: tv", "learning rate"]
    assert data["stages"] == [[0, "warmup", 0, 100], [0, "main", 100, 200]]
    (psnr,) = panels["psnr"]["lines"]
    assert (psnr["x"], psnr["y"]) == ([50, 100, 150, 200], [28.5, 29.0, 29.5, 30.0])
    assert psnr["spread"] == [0.5] * 4
    assert (panels["psnr"]["unit"], panels["psnr"]["baselines"]) == ("dB", [[0, "", 27.5]])
    assert panels["psnr"]["best"] == [[0, 100, 29.0], [0, 200, 30.0]]
    assert panels["total loss"]["axis"] == "log"
    assert [len(one["x"]) for one in panels["total loss"]["lines"]] == [20, 4]


def test_a_long_line_keeps_its_spikes(tmp_path):
    folder = write_run(tmp_path / "long", steps=100)
    rows = [f"{n},1,main,train,0.1,{9 if n == 7777 else 1},,1,,,,,1,1,{n}" for n in range(1, 9000)]
    with (folder / "metrics.csv").open("a") as file:
        file.write("\n".join(rows) + "\n")
    page = made(tmp_path / "page.html", folder)
    lines = {
        (one["title"], line["kind"]): line
        for one in block(tmp_path / "page.html", "curve-data")["panels"]
        for line in one["lines"]
    }
    every = lines["loss term: l1", "every row"]
    assert len(every["x"]) <= 1200
    assert max(every["y"]) == 9
    assert "Of lines of up to 9,009 rows the lowest and the highest of each group" in page.words


def test_several_runs_are_side_by_side(tmp_path):
    runs = [write_run(tmp_path / name / "run", seed=seed) for seed, name in enumerate("ab")]
    page = made(tmp_path / "page.html", *runs)
    assert page.faults == []
    data = block(tmp_path / "page.html", "curve-data")
    assert data["runs"] == ["a/run", "b/run"]
    psnr = next(one for one in data["panels"] if one["title"] == "psnr")
    assert [line["run"] for line in psnr["lines"]] == [0, 1]
    assert "Where the recipes differ field a/run b/run seed 0 1" in page.words
    assert len([one for one in page.all("table") if one.get("class") == "figures"]) == 3
    sources = block(tmp_path / "page.html", "picture-data")[0]["sources"]
    assert [one["label"] for one in sources] == ["bicubic", "SR of a/run", "SR of b/run", "HR"]


def test_scores_of_other_protocols_stand_apart(tmp_path):
    files = [write_scores(tmp_path / f"{n}.json", border=n) for n in (0, 4)]
    page = made(tmp_path / "apart.html", *files)
    assert "in one table only where protocol and pictures are the same" in page.words
    assert "x4, LR by bicubic; luma, border 0, 8 bit" in page.words
    assert "x4, LR by bicubic; luma, border 4, 8 bit" in page.words
    same = made(tmp_path / "same.html", files[1], write_scores(tmp_path / "c.json", model="other"))
    assert "in one table only" not in same.words
    assert "4.json and c.json" in same.words
    assert "bicubic 28.5000 ± 0.5000 mine 30.5000 ± 0.5000 best other 30.5000 ± 0.5000 best" in (
        same.words
    )


def test_pictures_of_scores_lie_beside_or_are_named(tmp_path):
    scores = write_scores(tmp_path / "set.json")
    write_saved(tmp_path / "set", ["bicubic", "mine"], ["baby", "bird"])
    made(tmp_path / "beside.html", scores)
    (baby, _) = block(tmp_path / "beside.html", "picture-data")
    assert [one["label"] for one in baby["sources"]] == ["bicubic", "mine"]
    assert baby["sources"][1]["notes"] == ["psnr 30 dB"]
    (tmp_path / "set").rename(tmp_path / "elsewhere")
    assert "Pictures" not in made(tmp_path / "without.html", scores).words
    named = made(tmp_path / "named.html", scores, "--pictures", tmp_path / "elsewhere")
    assert len(named.all("img")) == 2 + 2, (
        "noise is the same of both pictures, and in the page once"
    )


def test_hr_stands_beside_what_models_made(tmp_path, capsys):
    scores = write_scores(tmp_path / "set.json")
    write_saved(tmp_path / "set", ["bicubic", "mine"], ["baby", "bird"])
    (tmp_path / "HR").mkdir()
    Image.fromarray(noise(70, 100, seed=9)).save(tmp_path / "HR" / "baby.bmp")
    page = made(tmp_path / "page.html", scores, "--data", tmp_path / "HR")
    (baby, bird) = block(tmp_path / "page.html", "picture-data")
    assert [one["label"] for one in baby["sources"]] == ["bicubic", "mine", "HR"]
    assert [one["label"] for one in bird["sources"]] == ["bicubic", "mine"]
    sizes = {(one["width"], one["height"]) for one in page.all("img") if "width" in one}
    assert sizes == {("96", "64")}, "HR is cut to SR"
    words = ["report", str(scores), "--out", str(tmp_path / "b.html"), "--data", "nowhere"]
    assert srkit(words) == 4
    assert capsys.readouterr().err.startswith("error: there is no folder nowhere\n")


def test_what_somebody_named_is_no_markup(tmp_path):
    name = HOSTILE.replace("/", "")
    folder = write_run(tmp_path / name, names=(HOSTILE, "&lt;b>"))
    environment = json.loads((folder / "environment.json").read_text())
    environment |= {"device": HOSTILE, "commands": [[HOSTILE, '"><img src=x onerror=alert(1)>']]}
    (folder / "environment.json").write_text(json.dumps(environment))
    scores = write_scores(tmp_path / "scores.json", model=HOSTILE, pictures=(HOSTILE,))
    page = made(tmp_path / "page.html", folder, scores)
    assert page.faults == []
    assert page.words.count("<script>alert(1)") > 8
    scripts = page.all("script")
    assert [one.get("type") for one in scripts] == ["application/json"] * 2 + [None]
    assert [one for _, one in page.elements if any(key.startswith("on") for key in one)] == []


def test_a_script_s_data_cannot_leave_it():
    inside = data_block("name", {"a": "</script><!--&"})
    assert "</script><!--" not in inside
    assert json.loads(inside.partition(">")[2].removesuffix("</script>")) == {"a": "</script><!--&"}
    with pytest.raises(ValueError, match="not JSON compliant"):
        data_block("name", {"a": float("nan")})


def test_text_is_escaped_and_markup_is_not():
    assert tag("b", "<i>", tag("i", "&"), 3, None, title='"', hidden=True, id=None) == (
        '<b title="&quot;" hidden>&lt;i&gt;<i>&amp;</i>3</b>'
    )
    assert markup(["a", ["<"]], "\x1b\udc80") == "a&lt;\\u001b\\udc80"


def test_sources_become_links():
    text = cited("Wang et al. 2018 (ESRGAN), eq. 1; https://example.org/x, and <Nobody> 2020")
    assert text == (
        '<a href="https://arxiv.org/abs/1809.00219" rel="noreferrer noopener">Wang et al. 2018 '
        '(ESRGAN)</a>, eq. 1; <a href="https://example.org/x" rel="noreferrer noopener">'
        "https://example.org/x</a>, and &lt;Nobody&gt; 2020"
    )
    assert licence_link("MIT").startswith('<a href="https://spdx.org/licenses/MIT.html"')
    assert licence_link("ask the authors") == "ask the authors"


MISSING = {
    "recipe.toml": "recipe.toml is missing",
    "environment.json": "environment.json is missing",
    "metrics.csv": "metrics.csv is missing",
    "summary.json": "no validation is told of by a checkpoint yet",
    "pictures": "there are no pictures of validations",
}


@pytest.mark.parametrize("name", MISSING)
def test_what_is_missing_is_said(name, tmp_path):
    folder = write_run(tmp_path / "run")
    (folder / name).rename(tmp_path / "away")
    page = made(tmp_path / "page.html", folder)
    assert page.faults == []
    assert "What this page cannot show" in page.words
    assert MISSING[name] in page.words


@pytest.mark.parametrize("name", ["recipe.toml", "environment.json", "metrics.csv", "summary.json"])
def test_what_is_damaged_is_said(name, tmp_path):
    folder = write_run(tmp_path / "run")
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: len(content) // 2].rstrip(b"\n"))
    page = made(tmp_path / "page.html", folder)
    assert page.faults == []
    assert re.search(rf"{name} (is damaged|is cut within line 13|cannot be used)", page.words), (
        page.words[:600]
    )


def test_a_damaged_sheet_and_another_sheet_are_left_out(tmp_path):
    folder = write_run(tmp_path / "run")
    (folder / "pictures" / "step-00000050.png").write_bytes(b"no picture")
    (folder / "pictures" / "step-00000200.png").write_bytes(b"")
    page = made(tmp_path / "page.html", folder)
    assert page.faults == []
    assert len(page.all("img")) == 2 + 8, "the viewer's two, and of each picture four"


def test_an_empty_run_and_one_of_strange_plugins_have_a_page(tmp_path):
    begun = tmp_path / "begun"
    begun.mkdir()
    (begun / "recipe.toml").write_text((write_run(tmp_path / "run") / "recipe.toml").read_text())
    page = made(tmp_path / "begun.html", begun)
    assert "the run has logged no steps" in page.words
    strange = write_run(tmp_path / "strange", generator="srkit-gone/hat(depth=3)")
    table = (strange / "metrics.csv").read_text().replace("ssim", "gone")
    (strange / "metrics.csv").write_text(table)
    page = made(tmp_path / "strange.html", strange)
    assert "srkit-gone/hat(depth=3)" in page.words
    panels = block(tmp_path / "strange.html", "curve-data")["panels"]
    assert next(one for one in panels if one["title"] == "gone")["best"] == []


@pytest.mark.parametrize(
    ("made_of", "fact"),
    [
        (None, "cannot read {path}: No such file or directory"),
        ("folder", "{path} is no run folder and no file of scores"),
        ("hello", "{path} holds no scores: Expecting value: line 1 column 1 (char 0)"),
        ("[1]", "{path} holds no scores: it is a list"),
        ('{"models": 3}', "{path} holds no scores: 'protocol'"),
    ],
)
def test_what_is_neither_a_run_nor_scores_is_one_sentence(made_of, fact, tmp_path, capsys):
    path = tmp_path / "it"
    if made_of == "folder":
        (path / "weights").mkdir(parents=True)
    elif made_of:
        path.write_text(made_of)
    assert srkit(["report", str(path), "--out", str(tmp_path / "page.html")]) == 4
    assert capsys.readouterr().err.splitlines()[0] == f"error: {fact.format(path=path)}"
    assert not (tmp_path / "page.html").exists()


def test_a_page_is_not_replaced_and_has_its_ending(page_file, run, capsys):
    before = page_file.read_bytes()
    assert srkit(["report", str(run), "--out", str(page_file)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert page_file.read_bytes() == before
    assert srkit(["report", str(run), "--out", str(page_file.with_suffix(".txt"))]) == 2
    assert f"--out {page_file} " not in capsys.readouterr().err


def test_no_torch_is_imported(run, tmp_path):
    program = (
        "import sys; from srkit_core.cli.app import run; "
        f"code = run(['report', {str(run)!r}, '--out', {str(tmp_path / 'page.html')!r}]); "
        "print(code, 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "0 False"


def _pairs():
    """Return the colours of the page, in light and in dark, by their names."""
    style = (PAGE / "report.css").read_text(encoding="utf-8")
    found = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", style)
    return {name: (light, dark) for name, light, dark in found}


def _luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """Return the ratio of two colours, 1 to 21 (WCAG 2.2)."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_text_and_lines_are_told_from_the_paper(mode):
    pairs = {name: both[mode] for name, both in _pairs().items()}
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    written = [
        *((ink, paper) for ink in ("ink", "quiet", "link") for paper in ("paper", "panel")),
        ("good", "paper"),
        ("notice-ink", "notice"),
    ]
    faint = {two: contrast(pairs[two[0]], pairs[two[1]]) for two in written}
    assert {two: ratio for two, ratio in faint.items() if ratio < 4.5} == {}
    drawn = [*(f"c{number}" for number in range(6)), "focus"]
    assert [one for one in drawn if contrast(pairs[one], pairs["paper"]) < 3] == []


def test_every_colour_of_the_style_is_declared():
    style = (PAGE / "report.css").read_text(encoding="utf-8")
    assert set(re.findall(r"var\(--([\w-]+)\)", style)) == set(_pairs())


def test_controls_have_names(page):
    labelled = page.text
    assert [one for one in page.all("img") if "alt" not in one] == []
    nameless = [one for one in page.all("input") if one["type"] != "range"]
    assert (nameless, labelled.count("Picture")) == ([], 1)
    (slider,) = [one for _, one in page.elements if one.get("role") == "slider"]
    assert (slider["aria-valuemin"], slider["aria-valuenow"], slider["aria-valuemax"]) == (
        "0",
        "50",
        "100",
    )
    assert slider["tabindex"] == "0"
    assert [one["lang"] for one in page.all("html")] == ["en"]
    assert len(page.all("h1")) == 1


def test_many_validations_are_thinned_and_said(tmp_path):
    folder = write_run(tmp_path / "run", steps=100, names=("one",))
    for sheet in (folder / "pictures").iterdir():
        sheet.unlink()
    (folder / "pictures").rmdir()
    write_sheets(folder, range(10, 310, 10), 1, size=(40, 60))
    page = made(tmp_path / "page.html", folder)
    (one,) = block(tmp_path / "page.html", "picture-data")
    steps = next(two for two in one["sources"] if "steps" in two)["steps"]
    assert (len(steps), steps[0], steps[-1]) == (24, 10, 300)
    assert "24 of 30 validations are shown, evenly spread." in page.words
