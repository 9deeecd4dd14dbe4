"""The pages on which libraries are compared."""

from __future__ import annotations

from bench.browsing.libraries import Library

ROW = """<li class="row row--{odd}" data-row="{n}"><div class="cell px-2">
  <button id="buy-{n}" class="btn btn-primary" type="button" aria-label="Buy {n}"><b>Buy {n}</b></button>
</div></li>"""
LEVEL = """<div class="level level-{n} flex items-center" id="level-{n}" data-level="{n}">
  <i></i><i></i>{inner}<i></i>
</div>"""
SCRIPT = """<script>for (const button of document.querySelectorAll("button"))
  button.addEventListener("click", () => button.classList.toggle("on"));</script>"""
HEAVY_ROW = """<li class="row" id="row-{n}"><div class="cell"><b>{n}</b><i>a</i></div>
  <div class="cell"><button type="button">Choose {n}</button><a href="#row-{n}">Link</a></div>
  <div class="cell"><i>b</i><em>c</em></div></li>"""
BUSY = """<style>.chosen { outline: 1px solid }</style><script>
  const rows = document.querySelectorAll("li");
  document.querySelector("ul").addEventListener("click", () => {
    for (const end = performance.now() + BUSY_MS; performance.now() < end; );
    for (const row of rows) row.classList.toggle("chosen");
  });</script>"""
AROUND = 6
"""html, body, the list, a row, its cell and the button."""


def deep_page(library: Library, depth: int, buttons: int) -> str:
    """Buttons at a depth, with siblings and attributes as pages have them; each changes its own class."""
    rows = "".join(ROW.format(n=n, odd=n % 3) for n in range(buttons))
    inner = f'<ul class="rows" role="list">{rows}</ul>'
    for level in range(depth - AROUND, 0, -1):
        inner = LEVEL.format(n=level, inner=inner)
    return page(library, inner + SCRIPT)


def heavy_page(library: Library, rows: int, busy_ms: int) -> str:
    """Rows of ten nodes; a click on one keeps the page busy and changes a class of each row."""
    body = "".join(HEAVY_ROW.format(n=n) for n in range(rows))
    return page(library, f"<ul>{body}</ul>{BUSY}".replace("BUSY_MS", str(busy_ms)))


def page(library: Library, body: str) -> str:
    """A document with a library's tags."""
    head = f"<head><title>Shop</title>{library.tags}</head>"
    return f"<!doctype html><html lang=en>{head}<body>{body}</body></html>"
