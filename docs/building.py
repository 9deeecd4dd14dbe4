"""What MkDocs is told beside mkdocs.yml: pages that no list names, the change log, and the example notebooks.

Pages are written for GitHub too, so that they link to files of the repository; here such links lead to pages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import vl_convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from backsight.charts.themes import DARK, LIGHT

ROOT = Path(__file__).parents[1]
FOLDERS = {"Tutorial": "tutorial", "How-to": "how-to", "Explanation": "explanation", "Reference": "reference"}
"""Section of the navigation, and the folder whose pages it has."""
LINKS = (
    (re.compile(r"\]\(((?:\.\./)*)\.\./CHANGELOG\.md"), r"](\1changelog.md"),
    (re.compile(r"\]\(((?:\.\./)*)\.\./examples/notebooks/([\w-]+)\.ipynb"), r"](\1notebooks/\2.md"),
)
"""Links out of docs/, and the pages that stand for these files here."""
EXECUTED = ROOT / ".make" / "notebooks"
"""The example notebooks with their outputs, as `make docs` has them run."""
THEMES = {"light": LIGHT, "dark": DARK}
WIDTH = 640
DRAWN = re.compile(
    r"<div class=\"backsight-\w+\"[^>]*></div><script>.*?</script>"
    r"|<style>\s*#altair-viz-.*</script>",
    re.DOTALL,
)
"""A chart in an output's HTML, ours or Altair's: a place for it, and a script that would draw it there."""
SPEC = re.compile(r'\}\)\((?:"backsight-\w+", )?(?=\{)')
"""What stands before the specification in that script."""
LOADED = "extension is already loaded"
"""What all notebooks but the first say, because they are run in one kernel."""
FLUSH = re.compile(r"^[ \t]+|\n\s*", re.MULTILINE)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Puts pages that the navigation does not name at the end of their section."""
    for section in config.nav or []:
        for name, listed in section.items():
            if name in FOLDERS:
                known = set(_pages(listed))
                found = sorted((ROOT / "docs" / FOLDERS[name]).glob("*.md"))
                paths = [path.relative_to(ROOT / "docs").as_posix() for path in found]
                listed.extend(path for path in paths if path not in known)
            if name == "Tutorial" and (found := _executed()):
                listed.append({"Notebooks": [f"notebooks/{path.stem}.md" for path in found]})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds what stands elsewhere in the repository."""
    log = (ROOT / "CHANGELOG.md").read_text("utf-8")
    files.append(File.generated(config, "changelog.md", content=log))
    for path in _executed():
        pictures: dict[str, str] = {}
        text = "\n\n".join(_cells(path, pictures))
        files.append(File.generated(config, f"notebooks/{path.stem}.md", content=text))
        for name, svg in pictures.items():
            files.append(File.generated(config, f"notebooks/{name}", content=svg))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Leads links out of docs/ to the pages that stand for these files here."""
    for there, here in LINKS:
        markdown = there.sub(here, markdown)
    return markdown


def _pages(listed: list[Any]) -> list[str]:
    """The paths in a part of the navigation."""
    found: list[str] = []
    for each in listed:
        for value in each.values() if isinstance(each, dict) else [each]:
            found.extend(_pages(value) if isinstance(value, list) else [value])
    return found


# ── Notebooks ───────────────────────────────────────────────────────────────────────────────────────────────


def _executed() -> list[Path]:
    return sorted(EXECUTED.glob("*.ipynb"))


def _cells(path: Path, pictures: dict[str, str]) -> Iterator[str]:
    """A notebook as Markdown; its charts become pictures, by file name."""
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            yield source.replace(".ipynb)", ".md)").replace("](../../docs/", "](../")
            continue
        yield f"```python\n{source}\n```"
        for output in cell["outputs"]:
            yield from _output(output, path.stem, pictures)


def _output(output: dict[str, Any], page: str, pictures: dict[str, str]) -> Iterator[str]:
    data = output.get("data", {})
    html = "".join(data.get("text/html", ""))
    if chart := DRAWN.search(html):
        yield _picture(chart[0], page, pictures)
        if table := html[chart.end() :].strip():
            yield f'<details class="output"><summary>As a table</summary>{_flush(table)}</details>'
    elif "<script" in html:
        raise ValueError(f"{page}: an output has a script that is no chart of a known form")
    elif html.strip():
        yield f'<div class="output">{_flush(html)}</div>'
    elif (text := "".join(output.get("text", data.get("text/plain", ""))).rstrip()) and LOADED not in text:
        yield f"```text\n{text}\n```"


def _flush(html: str) -> str:
    """HTML on one line, so that Markdown takes all of it for HTML."""
    return FLUSH.sub(" ", html)


def _picture(html: str, page: str, pictures: dict[str, str]) -> str:
    """A chart as it looks on either ground, with its own words for those who can't see it."""
    (*_, before) = SPEC.finditer(html)
    spec, _ = json.JSONDecoder().raw_decode(html, before.end())
    if spec.get("width") == "container":
        spec["width"] = WIDTH
    place, shown = f"{page}-{len(pictures) // 2 + 1}", []
    said = re.sub(r"[\[\]\n]", " ", str(spec.get("description", "A chart")))
    for ground, config in THEMES.items():
        name = f"{place}-{ground}.svg"
        pictures[name] = vl_convert.vegalite_to_svg(spec, config=config)
        shown.append(f"![{said}]({name}#only-{ground})")
    return "\n".join(shown)
