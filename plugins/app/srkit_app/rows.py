"""How do pictures on their way, results and errors look on the page?"""

from html import escape
from typing import Final
from urllib.parse import quote

from srkit_app.page_jobs import Job, PictureBatch
from srkit_core.errors import SrkitError

_STATES: Final = {
    "waiting": "waiting",
    "working": "at work",
    "done": "done",
    "failed": "not upscaled",
    "stopped": "stopped",
}
RESULTS: Final = "/results"
"""Below which address results are."""


def progress_rows(batch: PictureBatch) -> str:
    """Return a bar for each picture, with what there is to say of it."""
    rows = "".join(f"<li>{_row(one)}</li>" for one in batch.jobs)
    return f'<ul class="srkit-rows" aria-label="Pictures">{rows}</ul>'


def result_links(batch: PictureBatch) -> str:
    """Return a link for each result, and one for all where there are several."""
    if not batch.done:
        return ""
    home = f"{RESULTS}/{quote(batch.folder.name)}"
    links = [_link(f"{home}/{quote(one.target.name)}", one.target.name) for one in batch.done]
    if len(links) > 1:
        links.append(_link(f"{home}.zip", f"all {len(links)} pictures (zip)", "srkit.zip"))
    rows = "".join(f"<li>{one}</li>" for one in links)
    return f'<ul class="srkit-rows" aria-label="Results">{rows}</ul>'


def error_text(error: SrkitError) -> str:
    """Return the two lines of an error."""
    return _two_lines(error.message, error.hint)


def fetch_row(name: str, done: int, total: int) -> str:
    """Return the bar of a download, of so many bytes (0: nobody knows)."""
    share = f'value="{done / total:.3f}"' if total else ""
    said = f"{done / 1e6:.1f} of {total / 1e6:.1f} MB" if total else f"{done / 1e6:.1f} MB"
    bar = f'<progress {share} max="1" aria-label="Fetching {escape(name)}"></progress>'
    return f'<p class="srkit-row">{escape(name)} {bar} {said}</p>'


def _row(job: Job) -> str:
    name = escape(job.name)
    share = f"{job.share:.3f}"
    head = f'<span class="srkit-name">{name}</span>'
    if job.state == "failed":
        return f"{head} {_two_lines(job.said, job.hint)}"
    head += f' <progress value="{share}" max="1" aria-label="{name}"></progress>'
    percent = f" {job.share:.0%}" if job.state == "working" else ""
    notes = "".join(f"; {escape(one)}" for one in job.notes)
    return f"{head} <span>{escape(job.said) or _STATES[job.state]}{percent}{notes}</span>"


def _link(address: str, text: str, name: str = "") -> str:
    """Return a link that a browser saves; the name is that of the file unless it is given."""
    return f'<a href="{address}" download="{escape(name or text)}">Download {escape(text)}</a>'


def _two_lines(fact: str, way: str) -> str:
    return (
        f'<div class="srkit-error" role="alert"><strong>error:</strong> {escape(fact)}<br>'
        f"<strong>try:</strong> {escape(way)}</div>"
    )
