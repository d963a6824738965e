"""Does a page of runs work in a browser, by mouse, finger and keys, and ask nobody for anything?

Slow: drives a headless Chromium.
"""

import pytest
from report_runs import write_run, write_saved, write_scores

from srkit_core.cli.app import run as srkit

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The address of a page of two runs and a file of scores with pictures."""
    folder = tmp_path_factory.mktemp("pages")
    runs = [write_run(folder / name, seed=seed) for seed, name in enumerate(("one", "two"))]
    scores = write_scores(folder / "set.json", pictures=("wide",))
    write_saved(folder / "set", ["bicubic", "mine"], ["wide"])
    out = folder / "page.html"
    assert srkit(["report", *map(str, [*runs, scores]), "--out", str(out)]) == 0
    return out.as_uri()


@pytest.fixture(scope="module")
def opened(open_page, address):
    return open_page(address)


@pytest.fixture
def page(opened):
    opened.page.reload()
    return opened.page


def state(page, *names):
    """Return what attributes of the divider and sliders say."""
    divider = page.locator("#view-divider")
    return {name: divider.get_attribute(f"aria-{name}") for name in names or ("valuenow",)}


def centre(page, selector):
    page.locator(selector).scroll_into_view_if_needed()
    box = page.locator(selector).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, box


@pytest.mark.parametrize("width", [360, 1600])
@pytest.mark.parametrize("dark", [False, True])
def test_it_is_as_wide_as_the_window_and_asks_for_nothing(open_page, address, width, dark):
    opened = open_page(address, width=width, dark=dark)
    opened.page.wait_for_timeout(200)
    assert not opened.is_too_wide()
    assert (opened.complaints, opened.hosts) == ([], set())
    paper = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(20, 23, 26)" if dark else "rgb(255, 255, 255)")


def test_what_is_shown_is_drawn(page):
    assert page.locator("svg.chart-svg").count() == 5
    assert page.locator("svg.chart-svg path.line").count() == 14
    ticks = page.locator("figure.chart").nth(1).locator("text.tick").all_text_contents()
    assert {"step", "0", "50", "100", "150", "200"} <= set(ticks)
    shown = page.evaluate("[...document.images].every((one) => one.naturalWidth > 0)")
    assert shown


def test_the_divider_moves_by_mouse_and_keys(page):
    x, y, _ = centre(page, "#view-divider")
    page.mouse.move(x, y)
    page.mouse.down()
    frame = page.locator("#view-frame").bounding_box()
    page.mouse.move(frame["x"] + 0.25 * frame["width"], y)
    page.mouse.up()
    assert state(page)["valuenow"] == "25"
    assert page.evaluate("document.activeElement.id") == "view-divider"
    for key, value in (("ArrowRight", "27"), ("ArrowLeft", "25"), ("PageUp", "45"), ("End", "100")):
        page.keyboard.press(key)
        assert state(page)["valuenow"] == value
    page.keyboard.press("Home")
    assert state(page, "valuetext") == {"valuetext": "0 % bicubic"}
    cut = page.evaluate("document.getElementById('view-cut').style.clipPath")
    assert cut.replace("0px", "0") == "inset(0 100% 0 0)"


def test_a_picture_is_zoomed_and_moved_in(page):
    zoomed = "document.getElementById('view-after').getBoundingClientRect().width"
    before = page.evaluate(zoomed)
    page.locator("#view-frame").focus()
    page.keyboard.press("+")
    page.keyboard.press("+")
    assert page.evaluate(zoomed) == pytest.approx(2.25 * before, rel=1e-3)
    assert page.locator("#view-zoom-said").inner_text() == "2.3×"
    left = page.evaluate("document.getElementById('view-after').getBoundingClientRect().x")
    page.keyboard.press("ArrowRight")
    moved = page.evaluate("document.getElementById('view-after').getBoundingClientRect().x")
    assert moved == pytest.approx(left - 0.1 * before, rel=0.02)
    page.keyboard.press("0")
    assert page.evaluate(zoomed) == pytest.approx(before)
    page.locator("#view-zoom").fill("3")
    assert page.evaluate(zoomed) == pytest.approx(8 * before, rel=1e-3)
    assert page.locator("#view-after.pixels").count() == 1


def test_two_fingers_zoom(page):
    page.locator("#view-frame").scroll_into_view_if_needed()
    page.evaluate(
        """() => {
          const frame = document.getElementById("view-frame"), box = frame.getBoundingClientRect();
          frame.setPointerCapture = () => {};
          const touch = (kind, id, x) => frame.dispatchEvent(new PointerEvent(kind, {
            pointerId: id, pointerType: "touch", bubbles: true,
            clientX: box.x + x * box.width, clientY: box.y + 0.5 * box.height }));
          touch("pointerdown", 11, 0.4); touch("pointerdown", 12, 0.6);
          touch("pointermove", 11, 0.4); touch("pointermove", 12, 0.8);
          touch("pointerup", 11, 0.4); touch("pointerup", 12, 0.8);
        }"""
    )
    assert page.locator("#view-zoom-said").inner_text() == "2×"


def test_pictures_sides_and_steps_are_chosen(page):
    chosen = "document.getElementById('view-after').dataset.from"
    names = page.locator("#view-picture option").all_text_contents()
    assert names == ["baby", "bird", "wide"]
    sides = page.locator("#view-right option").all_text_contents()
    assert sides == ["bicubic", "SR of one", "SR of two", "HR"]
    last = page.evaluate(chosen)
    assert page.locator("#view-right-said").inner_text() == "SR of one, step 200"
    page.locator("#view-step").focus()
    page.keyboard.press("ArrowLeft")
    assert page.locator("#view-right-said").inner_text() == "SR of one, step 150"
    assert page.evaluate(chosen) != last
    page.locator("#view-right").select_option(label="HR")
    assert page.locator("#view-step").is_hidden()
    page.locator("#view-picture").select_option(label="wide")
    assert page.locator("#view-right-said").inner_text() == "mine · psnr 30 dB"
    ratio = page.evaluate("document.getElementById('view-frame').style.aspectRatio")
    assert ratio == "96 / 64"
    page.locator("button[data-show='1 2 100']").click()
    assert page.locator("#view-right-said").inner_text() == "SR of two, step 100"


def test_curves_are_read_and_zoomed(page):
    chart, said = page.locator("svg.chart-svg").nth(1), page.locator("#zoom-said")
    x, y, box = centre(page, "figure.chart:nth-of-type(2) svg.chart-svg")
    page.mouse.move(x, y)
    tip = page.locator("figure.chart:nth-of-type(2) .tip")
    assert tip.inner_text().splitlines() == [
        "step 100",
        "one, validation 29 ± 0.5 dB",
        "two, validation 30 ± 0.5 dB",
    ]
    page.mouse.down()
    page.mouse.move(x + box["width"] / 4, y, steps=3)
    page.mouse.up()
    assert said.inner_text().startswith("steps 9")
    ticks = chart.locator("text.tick.middle").all_text_contents()
    assert "0" not in ticks
    chart.dblclick()
    assert said.inner_text() == "all steps"
    page.get_by_role("button", name="Zoom in").click()
    assert said.inner_text() == "steps 50 to 150"
    page.get_by_role("button", name="Show all steps").click()
    assert said.inner_text() == "all steps"


def test_curves_are_read_by_keys(page):
    page.mouse.move(1, 1)
    page.locator("svg.chart-svg").nth(1).focus()
    aloud = page.locator("figure.chart:nth-of-type(2) .said")
    page.keyboard.press("Home")
    assert aloud.text_content() == (
        "step 50; one, validation 28.5 ± 0.5 dB; two, validation 29.5 ± 0.5 dB"
    )
    page.keyboard.press("ArrowRight")
    assert aloud.text_content().startswith("step 100;")
    page.keyboard.press("+")
    assert page.locator("#zoom-said").inner_text() == "steps 50 to 150"
    page.keyboard.press("Shift+ArrowRight")
    assert page.locator("#zoom-said").inner_text() == "steps 75 to 175"
    page.keyboard.press("0")
    assert page.locator("#zoom-said").inner_text() == "all steps"


def test_a_run_is_hidden_and_shown(page):
    button = page.locator("button[data-run='1']")
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    assert page.locator("svg.chart-svg path.line").count() == 7
    button.click()
    assert page.locator("svg.chart-svg path.line").count() == 14


def test_colours_are_chosen_and_paper_is_light(page):
    paper = "getComputedStyle(document.body).backgroundColor"
    page.locator("#theme").click()
    assert page.evaluate(paper) == "rgb(20, 23, 26)"
    assert page.locator("#theme").get_attribute("aria-pressed") == "true"
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(paper) == "rgb(255, 255, 255)"
    assert page.locator("details:not([open])").count() == 0
    assert page.locator("#view-room").is_hidden()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    assert page.evaluate(paper) == "rgb(20, 23, 26)"


def test_everything_is_reached_by_tab_and_has_a_name(page, opened):
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, select, input, a, [tabindex='0']")]
          .filter((one) => one.offsetParent !== null || one.tagName === "svg")
          .filter((one) => !(one.getAttribute("aria-label") || one.labels?.length
            || one.textContent.trim() || one.querySelector("img[alt]:not([alt=''])")))
          .map((one) => one.outerHTML.slice(0, 80))"""
    )
    assert nameless == []
    page.keyboard.press("Tab")
    seen = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert seen == "solid"
    assert (opened.complaints, opened.hosts) == ([], set())
