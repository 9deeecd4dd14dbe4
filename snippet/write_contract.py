"""Writes src/contract.ts: the part of `backsight.contract` that the snippet needs.

    python snippet/write_contract.py

The list of captured attributes and the limits have one home, the contract; a test holds the written file
against it, so the snippet cannot drift.
"""

from __future__ import annotations

from pathlib import Path

from backsight import contract

TARGET = Path(__file__).parent / "src" / "contract.ts"

NUMBERS = (
    "WIRE_VERSION",
    "MAX_EVENT_BYTES",
    "MAX_DEPTH",
    "MAX_ID_CHARS",
    "MAX_UNSURE",
    "MAX_TEXT_CHARS",
    "MAX_URL_CHARS",
    "MAX_ATTRIBUTE_CHARS",
    "FLAG_SHADOW",
    "FLAG_QUIRKS",
    "FLAG_DETACHED",
)


def source() -> str:
    """The text of src/contract.ts as of the contract."""
    lines = ["// Written by write_contract.py from query/backsight/contract.py; do not edit."]
    lines += [f"export const {name} = {getattr(contract, name)};" for name in NUMBERS]
    names, prefixes = (
        "|".join(sorted(listed)) for listed in (contract.CAPTURED_ATTRIBUTES, contract.CAPTURED_PREFIXES)
    )
    lines.append(f"export const CAPTURED = /^({prefixes}|({names})$)/i;")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TARGET.write_text(source())
