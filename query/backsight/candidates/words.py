"""Candidates in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from backsight.candidates.compounds import Part
from backsight.candidates.page import Page
from backsight.candidates.rows import Rows
from backsight.candidates.tokens import Attributes, legible

LONGEST: Final = 40
"""Characters of a text that are repeated."""

BY_TAG: Final = {
    "a": "link", "area": "link", "button": "button", "select": "choice", "textarea": "text field",
    "label": "label", "summary": "disclosure", "option": "option", "form": "form", "img": "picture",
    "svg": "icon", "i": "icon",
    "tr": "row", "td": "cell", "th": "heading", "li": "item", "ul": "list", "ol": "list", "table": "table",
    "nav": "navigation", "section": "section", "article": "article", "header": "header", "footer": "footer",
    "main": "main part", "body": "page", "html": "page", "video": "video", "p": "paragraph",
    "dialog": "dialog", "aside": "sidebar", "fieldset": "group of fields", "menu": "menu", "dl": "list",
    "tbody": "table",
}  # fmt: skip
BY_ROLE: Final = {
    "button": "button", "link": "link", "tab": "tab", "menuitem": "menu item", "checkbox": "checkbox",
    "radio": "radio button", "switch": "switch", "option": "option", "row": "row", "listitem": "item",
    "dialog": "dialog", "navigation": "navigation", "list": "list", "table": "table", "grid": "table",
    "menu": "menu", "tablist": "tabs", "listbox": "list",
}  # fmt: skip
BY_TYPE: Final = {
    "submit": "button", "button": "button", "reset": "button", "image": "button", "checkbox": "checkbox",
    "radio": "radio button", "file": "file field", "range": "slider", "search": "search field",
}  # fmt: skip


def noun_of(tag: str, attributes: Attributes) -> str:
    """What an element is called."""
    role = attributes.get("role") or ""
    if role in BY_ROLE:
        return BY_ROLE[role]
    if tag == "input":
        kind = (attributes.get("type") or "text").lower()
        return BY_TYPE.get(kind, "field")
    return BY_TAG.get(tag.lower(), f"<{legible(tag)}> element")


def quoted(text: str) -> str:
    """A text as it stands in a sentence."""
    text = legible(text)
    return f"“{text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + '…'}”"


def named(page: Page, node: int, said: str) -> str:
    """An element with what it says or is called: `“Buy” button`, `field “email”`."""
    attributes = page.attributes(node)
    noun = noun_of(page.tag(node), attributes)
    if said:
        return f"{quoted(said)} {noun}"
    for name in ("aria-label", "placeholder", "title", "alt", "name", "id"):
        if value := attributes.get(name):
            return f"{noun} {quoted(value)}"
    return noun


def row_words(page: Page, node: int, said: str, rows: Rows, chain: Sequence[int]) -> str:
    """`the “Delete” button in any row of the table “Orders”`; `said` is what all of them say."""
    container = int(page.above[chain[rows.at]])
    whole = named(page, _list_around(page, container), "")
    if rows.at == 0:
        return f"any {noun_of(page.tag(node), page.attributes(node))} of the {whole}"
    row = chain[rows.at]
    noun = noun_of(page.tag(row), page.attributes(row))
    noun = "item" if noun.startswith("<") else noun
    what = named(page, node, said) if said else noun_of(page.tag(node), page.attributes(node))
    return f"the {what} in any {noun} of the {whole}"


def _list_around(page: Page, node: int) -> int:
    """The table that a table's body belongs to."""
    above = int(page.above[node])
    return above if page.tag(node) in ("tbody", "thead", "tfoot") and above >= 0 else node


def kind_words(page: Page, node: int, part: Part) -> str:
    """`every button of class btn-primary`."""
    noun = noun_of(page.tag(node), page.attributes(node))
    by = [token for token in part.tokens if token.kind != "tag"]
    classes = " and ".join(legible(token.name) for token in by if token.kind == "class")
    others = " and ".join(token.words for token in by if token.kind != "class")
    said = [f"of class {classes}" if classes else "", f"with {others}" if others else ""]
    return " ".join(["every", noun, *filter(None, said)])
