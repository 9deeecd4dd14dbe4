"""What MkDocs is told beside mkdocs.yml: pages that no list names, the change log, and the example notebooks.

Pages are written for GitHub too, so that they link to files of the repository; here such links lead to pages.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
FOLDERS = {"Tutorial": "tutorial", "How-to": "how-to", "Explanation": "explanation", "Reference": "reference"}
"""Section of the navigation, and the folder whose pages it has."""
LINKS = {"../../CHANGELOG.md": "../changelog.md", "../CHANGELOG.md": "changelog.md"}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Puts pages that the navigation does not name at the end of their section."""
    for section in config.nav or []:
        for name, listed in section.items():
            if name in FOLDERS:
                known = set(_pages(listed))
                found = sorted((ROOT / "docs" / FOLDERS[name]).glob("*.md"))
                paths = [path.relative_to(ROOT / "docs").as_posix() for path in found]
                listed.extend(path for path in paths if path not in known)
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds what stands elsewhere in the repository."""
    log = (ROOT / "CHANGELOG.md").read_text("utf-8")
    files.append(File.generated(config, "changelog.md", content=log))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Leads links out of docs/ to the pages that stand for these files here."""
    for there, here in LINKS.items():
        markdown = markdown.replace(f"]({there})", f"]({here})").replace(f"\n]({there})", f"]({here})")
    return markdown


def _pages(listed: list[Any]) -> list[str]:
    """The paths in a part of the navigation."""
    found: list[str] = []
    for each in listed:
        for value in each.values() if isinstance(each, dict) else [each]:
            found.extend(_pages(value) if isinstance(value, list) else [value])
    return found
