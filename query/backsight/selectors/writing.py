"""How names and texts are written in CSS."""

from __future__ import annotations

import re


def identifier(text: str) -> str:
    """A name as it stands in CSS (CSSOM, "serialize an identifier")."""
    made = []
    for place, character in enumerate(text):
        first = place == 0 or (place == 1 and text[0] == "-")
        if character == "\0":
            made.append("\N{REPLACEMENT CHARACTER}")
        elif "\1" <= character <= "\x1f" or character == "\x7f" or (first and character in "0123456789"):
            made.append(f"\\{ord(character):x} ")
        elif character >= "\x80" or (character.isascii() and (character.isalnum() or character in "-_")):
            made.append("\\-" if text == "-" else character)
        else:
            made.append(f"\\{character}")
    return "".join(made)


def string(text: str) -> str:
    """A text as it stands in CSS, in quotes (CSSOM, "serialize a string")."""
    controls = re.sub(
        r"[\x01-\x1f\x7f]",
        lambda found: f"\\{ord(found[0]):x} ",
        text.replace("\\", "\\\\").replace('"', '\\"'),
    )
    return f'"{controls}"'.replace("\0", "\N{REPLACEMENT CHARACTER}")
