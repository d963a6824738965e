"""How is the page laid out, and what happens on it?"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import gradio as gr

from srkit_app.page_jobs import PictureBatch
from srkit_app.rows import error_text, progress_rows, result_links
from srkit_app.session import Workshop, shown_pair
from srkit_app.wishes import PAGE_FORMATS, SCALES, WITH_QUALITY, wish_of
from srkit_core.errors import SrkitError

CSS: Final = """
.srkit-rows { list-style: none; margin: 0; padding: 0; overflow-wrap: anywhere; }
.srkit-rows li { margin: 0 0 0.75em 0; padding: 0; }
.srkit-rows progress, .srkit-row progress { width: 100%; height: 0.8em; display: block;
  accent-color: var(--primary-600); }
.srkit-name { font-weight: 600; }
.srkit-rows a { text-decoration: underline; display: inline-block; padding: 0.3em 0; }
.srkit-error { border-left: 4px solid #b3261e; padding: 0.3em 0.8em; margin: 0.3em 0;
  overflow-wrap: anywhere; }
"""
THEME: Final = gr.themes.Default(
    primary_hue="blue", font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]
).set(
    button_primary_background_fill="*primary_600",
    button_primary_background_fill_hover="*primary_700",
    button_primary_background_fill_dark="*primary_600",
    button_primary_background_fill_hover_dark="*primary_700",
)
"""With fonts that this machine has, as Gradio's own would come from elsewhere, and with white on
blue at 5.2:1, where its orange has 2.8:1.
"""
_WELCOME: Final = """# srkit
Drop pictures, choose, and take larger ones home. All is computed on this machine; nothing is sent
anywhere, and what lies here goes when `srkit app` ends.
"""

Updates = Mapping[Any, Any]
"""New values and properties of parts of the page."""


class Page:
    """The parts of the page, by what they are for, and what each does."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        with gr.Blocks(title="srkit", analytics_enabled=False) as self.blocks:
            self._held = gr.State(None, delete_callback=_forget)
            gr.Markdown(_WELCOME)
            with gr.Row():
                with gr.Column(min_width=300):
                    self._draw_wishes()
                with gr.Column(min_width=300, scale=2):
                    self._draw_results()
            self._connect()

    def _draw_wishes(self) -> None:
        self._files = gr.File(label="Pictures", file_count="multiple", height=180)
        usual = next(iter(self._workshop.choices))
        self._model = gr.Dropdown(self._labels(), value=usual, label="Model")
        self._about = gr.Markdown(self._workshop.choices[usual].about)
        self._fetch = gr.Button("Fetch the model", visible=False)
        self._scale = gr.Radio(list(SCALES), value="4x", label="Scale")
        self._custom = gr.Textbox(
            label="Custom scale or size in pixels", placeholder="3 or 3840x", visible=False
        )
        self._format = gr.Dropdown(list(PAGE_FORMATS.items()), value="png", label="Format")
        self._quality = gr.Number(
            None,
            label="Quality from 1 to 100 (empty: as usual)",
            minimum=1,
            maximum=100,
            precision=0,
            visible=False,
        )
        with gr.Row():
            self._start = gr.Button("Upscale", variant="primary", min_width=100)
            self._stop = gr.Button("Stop", interactive=False, min_width=100)

    def _draw_results(self) -> None:
        self._progress = gr.HTML("<p>No picture yet.</p>", elem_id="progress")
        self._results = gr.HTML("", elem_id="results")
        self._shown = gr.Dropdown([], label="Compare before and after", visible=False)
        self._slider = gr.ImageSlider(
            label="Before and after",
            type="filepath",
            format="png",
            interactive=False,
            visible=False,
            buttons=["fullscreen"],
            elem_id="compare",
        )
        self._line = gr.Slider(
            0, 100, 50, step=1, label="Where the line is, in percent from the left", visible=False
        )
        self._caption = gr.Markdown("", visible=False)

    def _connect(self) -> None:
        quiet = {"show_progress": "hidden", "api_visibility": "private"}
        wishes = [self._model, self._scale, self._custom, self._format, self._quality]
        outputs = [
            *(self._held, self._progress, self._results, self._shown, self._slider),
            *(self._line, self._caption, self._start, self._stop),
        ]
        self._start.click(
            self._upscale, [self._held, self._files, *wishes], outputs, concurrency_limit=8, **quiet
        )
        self._stop.click(_stop, self._held, None, queue=False, **quiet)
        model_parts = [self._model, self._about, self._fetch, self._progress]
        self._model.change(self._choose, self._model, model_parts, **quiet)
        self._fetch.click(self._bring, self._model, model_parts, **quiet)
        self._scale.change(lambda one: _seen(one == SCALES[-1]), self._scale, self._custom, **quiet)
        self._format.change(
            lambda one: _seen(one in WITH_QUALITY), self._format, self._quality, **quiet
        )
        compared = [self._slider, self._line, self._caption]
        self._shown.input(self._compare, [self._held, self._shown], compared, **quiet)
        self._line.input(_moved, self._line, self._slider, trigger_mode="always_last", **quiet)

    def _labels(self) -> list[tuple[str, str]]:
        return [(one.label, one.name) for one in self._workshop.choices.values()]

    def _choose(self, name: str) -> Updates:
        choice = self._workshop.choices[name]
        return {self._about: choice.about, self._fetch: _seen(not choice.here)}

    def _bring(self, name: str) -> Iterator[Updates]:
        yield {self._fetch: gr.update(interactive=False)}
        try:
            for row in self._workshop.fetch(name):
                yield {self._progress: row}
        except SrkitError as error:
            yield {self._progress: error_text(error), self._fetch: gr.update(interactive=True)}
            return
        yield {
            self._model: gr.update(choices=self._labels()),
            self._progress: f"<p>{name} is here.</p>",
            self._fetch: gr.update(interactive=True, visible=False),
            self._about: self._workshop.choices[name].about,
        }

    def _upscale(
        self, before: PictureBatch | None, files: list[str] | None, *wishes: Any
    ) -> Iterator[Updates]:
        try:
            batch = self._workshop.begin(wish_of(*wishes), files)
        except SrkitError as error:
            yield {self._progress: error_text(error)}
            return
        _forget(before)
        yield {
            self._held: batch,
            self._shown: _seen(False),
            **self._nothing_compared(),
            self._results: "",
            self._start: gr.update(interactive=False),
            self._stop: gr.update(interactive=True),
        }
        yield from self._watched(batch)
        yield {
            self._start: gr.update(interactive=True),
            self._stop: gr.update(interactive=False),
            **self._first_compared(batch),
        }

    def _watched(self, batch: PictureBatch) -> Iterator[Updates]:
        """Say how far the pictures are, only where that is new: a link that is drawn again is no
        longer the one that the keyboard is at.
        """
        said = "", ""
        for _ in batch.watch(self._workshop.registry):
            now = progress_rows(batch), result_links(batch)
            parts = (self._progress, self._results)
            pairs = zip(parts, now, said, strict=True)
            if changed := {part: text for part, text, old in pairs if text != old}:
                yield changed
            said = now

    def _first_compared(self, batch: PictureBatch) -> dict[Any, Any]:
        names = [one.target.name for one in batch.done]
        if not names:
            return {}
        choice = gr.update(choices=names, value=names[0], visible=True)
        return {self._shown: choice, **self._compare(batch, names[0])}

    def _nothing_compared(self) -> dict[Any, Any]:
        return {part: _seen(False) for part in (self._slider, self._line, self._caption)}

    def _compare(self, batch: PictureBatch | None, name: str) -> dict[Any, Any]:
        jobs = batch.done if batch else []
        job = next((one for one in jobs if one.target.name == name), None)
        if job is None:
            return self._nothing_compared()
        try:
            before, after, whole = shown_pair(job)
        except SrkitError as error:
            return {self._caption: gr.update(value=f"{error.message}", visible=True)}
        part = "the whole picture" if whole else "the middle, pixel by pixel"
        caption = f"Left: {job.name}, enlarged by interpolation. Right: {name}. Shown: {part}."
        return {
            self._slider: gr.update(value=(before, after), slider_position=50, visible=True),
            self._line: gr.update(value=50, visible=True),
            self._caption: gr.update(value=caption, visible=True),
        }


def _seen(visible: bool) -> Any:
    return gr.update(visible=visible)


def _moved(percent: float) -> Any:
    """Move the line between before and after, which the keyboard cannot reach in the picture."""
    return gr.update(slider_position=percent)


def _stop(batch: PictureBatch | None) -> None:
    if batch:
        batch.stop.set()


def _forget(batch: PictureBatch | None) -> None:
    if batch:
        batch.forget()
