"""How one record lies in a segment of the journal: a header that vouches for itself, then the payload.

    marker (4) | payload length (4) | checksum of the payload (4) | checksum of the header (4) | payload

The header's checksum starts from a seed made of the segment's secret salt, its number and the frame's offset.
So a frame is sound only where it was written: neither a stale copy nor bytes that a visitor put into a batch
to look like a frame can pass for a record, even when damage makes the reader search for the next one.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple
from zlib import crc32

MARKER: Final = b"\xff\x00\xffJ"
"""Occurs in no JSON text: 0xFF is not UTF-8, and a raw NUL is not allowed in a string."""

_HEADER: Final = struct.Struct("<4sIII")
_PLACE: Final = struct.Struct("<QQQ")
HEADER_BYTES: Final = _HEADER.size
MAX_PAYLOAD_BYTES: Final = 1 << 28


class Header(NamedTuple):
    length: int
    checksum: int


def payload_checksum(payload: bytes) -> int:
    """Of the payload alone, so that it can be computed before the frame has its place."""
    return crc32(payload)


def frame_header(length: int, checksum: int, salt: int, number: int, offset: int) -> bytes:
    """What stands before a payload when the frame begins at `offset` of segment `number`."""
    head = _HEADER.pack(MARKER, length, checksum, 0)[:-4]
    return head + crc32(head, crc32(_PLACE.pack(salt, number, offset))).to_bytes(4, "little")


def read_header(head: bytes, salt: int, number: int, offset: int) -> Header | None:
    """The header that `head` begins with, or None when it is not a sound one of this very place."""
    if len(head) < HEADER_BYTES or not head.startswith(MARKER):
        return None
    _, length, checksum, _ = _HEADER.unpack_from(head)
    is_sound = head[:HEADER_BYTES] == frame_header(length, checksum, salt, number, offset)
    return Header(length, checksum) if is_sound and length <= MAX_PAYLOAD_BYTES else None
