"""The pages on which a browser judges: packaged third-party ones, frameworks', and some of our own."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, Route

PAGES = Path(__file__).parent
PACKAGES = PAGES / "node_modules"
BUILT = PAGES / "built"
JUDGE = PAGES / "judge.js"


@dataclass(frozen=True)
class Opened:
    """A page, and what is done on it before it is looked at."""

    folder: Path
    file: str
    press: tuple[str, ...] = ()
    """Texts that are clicked first; after the last one stands `shows` on the page."""
    shows: str = ""
    last: str = ""
    """What is clicked last, because it takes the rest away. What stands there instead is then judged too."""


def herbs(name: str) -> Opened:
    """A framework's page once its rows have moved, its form has grown and its dialog stands in its portal."""
    press = ("Add", "Reverse", "Gift", "Clear")
    return Opened(BUILT, f"{name}/index.html", press, "Yes, clear", last="nav, [role=dialog]")


THIRD_PARTY = {
    "dashboard": Opened(PACKAGES / "startbootstrap-sb-admin-2", "index.html"),
    "tables": Opened(PACKAGES / "startbootstrap-sb-admin-2", "utilities-color.html"),
    "agency": Opened(PACKAGES / "startbootstrap-agency/dist", "index.html"),
    "app": Opened(PACKAGES / "startbootstrap-new-age/dist", "index.html"),
    "shop": Opened(PACKAGES / "startbootstrap-shop-homepage/dist", "index.html"),
    "icons": Opened(PACKAGES / "gentelella/dist", "production/index.html"),
    "form": Opened(PACKAGES / "gentelella/dist", "production/form.html"),
    "landing": Opened(PACKAGES / "notus-js", "pages/landing.html"),
    "settings": Opened(PACKAGES / "notus-js", "pages/admin/settings.html"),
    "docs": Opened(PACKAGES / "paper/dist/docs", "classes/Segment.html"),
}
"""Templates of Start Bootstrap and Gentelella (Bootstrap), Notus (Tailwind), the reference of Paper.js."""

FRAMEWORKS = {
    **{name: herbs(name) for name in ("react", "vue", "svelte")},
    "turbo": Opened(BUILT, "turbo/index.html", ("More on basil",), "Buy basil"),
    "htmx": Opened(BUILT, "htmx/index.html", ("Show basil",), "It likes the sun.", last="nav"),
}

SITES = {
    **THIRD_PARTY,
    **{name: Opened(PAGES, f"{name}.html") for name in ("tailwind", "quirks", "shadow", "trees")},
    **FRAMEWORKS,
}


def origin(name: str) -> str:
    """Each page has a host of its own, by which its events are known again."""
    return f"http://{name}.test"


def open_site(browser: Browser, name: str, collector: str | None = None) -> Page:
    """The page as it is to be looked at, with judge.js in it, and nothing of the network.

    With a collector's address, its script and its capture route stand on the page's host too.
    """
    site = SITES[name]
    context = browser.new_context()
    context.add_init_script(path=JUDGE)
    page = context.new_page()
    page.route("**/*", lambda route: _serve(route, origin(name), site.folder, collector))
    page.goto(f"{origin(name)}/{site.file}", wait_until="load")
    for text in site.press:
        page.get_by_text(text, exact=True).click()
    if site.shows:
        page.get_by_text(site.shows).wait_for()
    return page


def _serve(route: Route, home: str, folder: Path, collector: str | None) -> None:
    path = route.request.url.removeprefix(home).partition("?")[0]
    if collector and path in ("/backsight.js", "/v1/capture"):
        route.fulfill(response=route.fetch(url=collector + path))
    elif route.request.url.startswith(home) and (file := folder / path.lstrip("/")).is_file():
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        route.fulfill(body=file.read_bytes(), content_type=f"{kind}; charset=utf-8")
    else:
        route.abort()
