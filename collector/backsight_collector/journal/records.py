"""What the payload of a journal record says.

A capture is kept as its sender sent it (decompressed), so that whatever the collector learns to read tomorrow
can still be read out of a journal that was written today.
"""

from __future__ import annotations

from typing import Final

import msgspec

BACKSIGHT: Final = "backsight"
"""The dialect of our own wire."""


class Capture(msgspec.Struct, frozen=True, array_like=True, tag="capture"):
    """One accepted request: `body` is what was sent, decompressed, in the `dialect` that its route speaks
    (see dialects); `received_at` is in µs since 1970 by our clock."""

    received_at: int
    site: str
    user_agent: str | None
    body: bytes
    dialect: str = BACKSIGHT


class Revocation(msgspec.Struct, frozen=True, array_like=True, tag="revocation"):
    """An administrator took back the statement `revokes`; `statement_id` names the line that says so."""

    received_at: int
    site: str
    statement_id: str
    revokes: str


class Deletion(msgspec.Struct, frozen=True, array_like=True, tag="deletion"):
    """Everything of these `persons` (numbers of users or devices) of a site is to go that was received up to
    `received_at`. Of their ids only these hashes stand here."""

    received_at: int
    site: str
    deletion_id: str
    persons: tuple[int, ...]


class Erased(msgspec.Struct, frozen=True, array_like=True, tag="erased"):
    """Stands where a capture stood whose person was deleted (see erasing.py). What its `filler` begins with,
    up to a line feed, is what was to be kept of it."""

    received_at: int
    filler: bytes


Record = Capture | Revocation | Deletion | Erased

_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final[msgspec.msgpack.Decoder[Record]] = msgspec.msgpack.Decoder(Record)


class UnknownRecord(ValueError):
    """The payload is none that this version writes."""


def encode_record(record: Record) -> bytes:
    """The payload that `decode_record` reads back; fields may be appended later, never moved."""
    return _encoder.encode(record)


def decode_record(payload: bytes) -> Record:
    """Raises UnknownRecord when the payload is not one of ours."""
    try:
        return _decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnknownRecord(f"a journal record of {len(payload)} bytes can't be read: {error}") from error
