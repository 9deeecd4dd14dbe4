"""How one record lies in a segment of the journal: a header that vouches for itself, then the payload.

    marker (4) | payload length (4) | checksum of the payload (4) | checksum of the header (4) | payload

Both checksums start from a seed made of the segment's secret salt, its number and the frame's offset. So a
frame is sound only where it was written: neither a stale copy nor bytes that a visitor put into a batch to
look like a frame can pass for a record, even when damage makes the reader search for the next one.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple
from zlib import crc32

MARKER: Final = b"\xff\x00\xffJ"
"""Occurs in no JSON text: 0xFF is not UTF-8, and a raw NUL is not allowed in a string."""

_HEADER: Final = struct.Struct("<4sIII")
_SEED: Final = struct.Struct("<QQQ")
HEADER_BYTES: Final = _HEADER.size
MAX_PAYLOAD_BYTES: Final = 1 << 28


class Header(NamedTuple):
    length: int
    checksum: int


def _seed(salt: int, number: int, offset: int) -> int:
    return crc32(_SEED.pack(salt, number, offset))


def _sealed(length: int, checksum: int, seed: int) -> bytes:
    """The header, its own checksum included."""
    head = _HEADER.pack(MARKER, length, checksum, 0)
    return head[:-4] + crc32(head, seed).to_bytes(4, "little")


def frame_header(payload: bytes, salt: int, number: int, offset: int) -> bytes:
    """What stands before `payload` when the frame begins at `offset` of segment `number`."""
    seed = _seed(salt, number, offset)
    return _sealed(len(payload), crc32(payload, seed), seed)


def read_header(head: bytes, salt: int, number: int, offset: int) -> Header | None:
    """The header that `head` begins with, or None when it is not a sound one of this very place."""
    if len(head) < HEADER_BYTES or not head.startswith(MARKER):
        return None
    _, length, checksum, _ = _HEADER.unpack_from(head)
    if length > MAX_PAYLOAD_BYTES or head[:HEADER_BYTES] != _sealed(
        length, checksum, _seed(salt, number, offset)
    ):
        return None
    return Header(length, checksum)


def is_payload(payload: bytes, header: Header, salt: int, number: int, offset: int) -> bool:
    """Whether `payload` is what the header was written for."""
    return len(payload) == header.length and crc32(payload, _seed(salt, number, offset)) == header.checksum
