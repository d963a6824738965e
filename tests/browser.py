"""A headless Chromium that opens pages: what do they show, ask of a network, and complain of?"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

VARIABLE = "SRKIT_BROWSER"
"""Names the Chromium to drive; `.ci/browser` prints one. Without it, one on the path is taken."""

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_WITHIN = ("", "about", "blob", "data", "file")
"""Schemes of addresses that no network is asked for."""


def find_chromium() -> str | None:
    """Return the Chromium to drive; None where this machine has none that starts."""
    if VARIABLE in os.environ:
        return os.environ[VARIABLE]
    return next((path for name in _NAMES if (path := shutil.which(name)) and _starts(path)), None)


def _starts(path: str) -> bool:
    done = subprocess.run([path, "--version"], capture_output=True, check=False)
    return done.returncode == 0


@dataclass
class OpenedPage:
    """A page with everything that it asked for, and all its errors and warnings."""

    page: Page
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def hosts(self) -> set[str]:
        """The hosts that were asked for something, each with its port."""
        parts = [urlsplit(address) for address in self.asked]
        return {one.netloc for one in parts if one.scheme not in _WITHIN}

    def is_too_wide(self) -> bool:
        """Whether the page must be scrolled sideways."""
        wide = "() => document.documentElement.scrollWidth > window.innerWidth"
        return bool(self.page.evaluate(wide))


class OpenPage(Protocol):
    """Opens an address in a window so many pixels wide."""

    def __call__(self, address: str, *, width: int = 1600, dark: bool = False) -> OpenedPage:
        """Return the page, once it is loaded."""


@contextmanager
def page_opener(chromium: str) -> Iterator[OpenPage]:
    """Start a Chromium and give what opens pages in it, each with a profile of its own."""
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=chromium, timeout=120_000)

        def open_page(address: str, *, width: int = 1600, dark: bool = False) -> OpenedPage:
            return _open(browser, address, width, dark=dark)

        yield open_page
        browser.close()


def _open(browser: Browser, address: str, width: int, *, dark: bool) -> OpenedPage:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
    )
    opened = OpenedPage(context.new_page())
    page = opened.page
    page.on("request", lambda request: opened.asked.append(request.url))
    page.on("pageerror", lambda error: opened.complaints.append(str(error)))
    page.on("console", lambda said: _note(opened, said.type, said.text))
    page.goto(address, wait_until="load", timeout=120_000)
    return opened


def _note(opened: OpenedPage, kind: str, text: str) -> None:
    if kind in ("error", "warning"):
        opened.complaints.append(f"{kind}: {text}")
