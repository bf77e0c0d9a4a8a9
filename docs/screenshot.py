# ruff: noqa: INP001 - a script, in no package
"""Takes the pictures of the pages that README and docs show: a bank of fixed counts, the real application, a real Chromium.

PYTHONPATH=. python docs/screenshot.py            writes docs/images/*.png (Debian: apt-get install chromium)
PYTHONPATH=. python docs/screenshot.py DIR        writes every page at both widths, by day and by night, into DIR
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Browser

from fournines.serving import Pulse
from tests.browser.conftest import SIZES, TRACE, Bank, chromium, served, set_alight

IMAGES = Path(__file__).resolve().parent / "images"
PAGES = {"oncall": "/", "slo": "/slo/payments-availability", "trace": f"/traces/{TRACE}", "map": "/map"}
SHOWN = (
    ("oncall", "desk", "light"),
    ("oncall", "desk", "dark"),
    ("oncall", "phone", "light"),
    ("oncall", "phone", "dark"),
)
"""What docs show: a page, its size, and by day or by night."""


def photograph(browser: Browser, url: str, picture: Path, size: tuple[int, int], scheme: str, *, whole: bool) -> None:
    """One picture of the first screen, or of the whole page."""
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height}, timezone_id="UTC")
    page = context.new_page()
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(url)
    page.screenshot(path=picture, full_page=whole)
    context.close()


def name_of(page: str, size: str, scheme: str) -> str:
    """`oncall.png` is the page at a desk by day; others say how they differ."""
    return "-".join((page, *(each for each in (size, scheme) if each not in ("desk", "light")))) + ".png"


def main(arguments: Sequence[str]) -> None:
    """Serves, opens, photographs."""
    binary = shutil.which("chromium-headless-shell") or shutil.which("chromium") or "chromium"
    bank = Bank()
    set_alight(bank)
    out = Path(arguments[0]) if arguments else IMAGES
    out.mkdir(parents=True, exist_ok=True)
    every = [(page, size, scheme) for page in PAGES for size in SIZES for scheme in ("light", "dark")]
    wanted = every if arguments else (*SHOWN, ("slo", "desk", "light"))
    with served(bank, Pulse()) as address, chromium(Path(binary)) as browser:
        for page, size, scheme in wanted:
            picture = out / name_of(page, size, scheme)
            photograph(browser, address + PAGES[page], picture, SIZES[size], scheme, whole=bool(arguments))


if __name__ == "__main__":
    main(sys.argv[1:])
