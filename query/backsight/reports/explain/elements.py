"""A short CSS selector of an element: what people would write to name it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

MOST_CLASSES: Final = 4


def selector_of(tag: str, attributes: Mapping[str, str | None]) -> str:
    """Its tag with its id, else with its first classes."""
    if identifier := attributes.get("id"):
        return f"{escaped(tag)}#{escaped(identifier)}"
    classes = (attributes.get("class") or "").split()[:MOST_CLASSES]
    return "".join([escaped(tag), *(f".{escaped(each)}" for each in classes)])


def escaped(name: str) -> str:
    """An identifier as CSS writes it: https://drafts.csswg.org/cssom/#serialize-an-identifier"""
    made = []
    for at, character in enumerate(name):
        first = at == 0 or (at == 1 and name[0] == "-")
        if character == "\0":
            made.append("\N{REPLACEMENT CHARACTER}")
        elif "\1" <= character <= "\x1f" or character == "\x7f" or ("0" <= character <= "9" and first):
            made.append(f"\\{ord(character):x} ")
        elif character == "-" and len(name) == 1:
            made.append("\\-")
        elif character in "-_" or character >= "\x80" or character.isalnum():
            made.append(character)
        else:
            made.append(f"\\{character}")
    return "".join(made)
