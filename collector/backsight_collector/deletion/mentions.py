"""Whether bytes name a user or a device, of whom only the hashes are known.

For what has no columns: journalled bodies, damaged stretches of a journal, rejected events and rows of files.
Every text between two quotation marks, and every word, is hashed and looked up, so that nothing has to be
well-formed. However a visitor wrote a body, it takes time in proportion to its length: one that is all
escaped marks must hold up no deletion.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from backsight.contract import id64
from backsight_collector import dialects
from backsight_collector.deletion.extent import Extent
from backsight_collector.journal.records import BACKSIGHT, Capture, UnknownRecord, decode_record
from backsight_collector.wire import MalformedBatch

# Where bytes were cut, nobody knows which marks begin a text and which end one: what stands between any two
# is looked up. An id is of at most 256 characters, each of up to 12 bytes when it is escaped.
_QUOTED: Final = re.compile(rb'(?:[^"\\]++|\\.)++', re.DOTALL)
_WORD: Final = re.compile(rb"""[^\s"',;<>()\\]+""")
_MOST: Final = 3_072
_REMEMBERED: Final = 100_000


def names_user(extent: Extent, text: bytes) -> bool:
    """Whether one of the persons is named by its user id."""
    return any(_ids(each)[0] in extent.users for each in _texts(text))


def names_any(extent: Extent, text: bytes) -> bool:
    """Whether a person, or a device of theirs, is named."""
    return any(user in extent.users or device in extent.devices for user, device in map(_ids, _texts(text)))


def is_unwanted(extent: Extent, payload: bytes) -> bool:
    """Whether a journal record, or bytes that are none any more, must be erased: they name a person.

    What such a record says of others is in the lake already.
    """
    try:
        record = decode_record(payload)
    except UnknownRecord:
        return names_any(extent, payload)
    if not isinstance(record, Capture) or record.site != extent.site or record.received_at > extent.until:
        return False
    return names_any(extent, record.body) or (record.dialect != BACKSIGHT and _is_by(extent, record))


def forget() -> None:
    """Lets go of the texts that were looked up last."""
    _ids.cache_clear()


def _is_by(extent: Extent, capture: Capture) -> bool:
    """Whether a capture is theirs whose ids are not in it as they are: a dialect may make them."""
    try:
        batches = [decoded.batch for decoded in dialects.read(capture)]
    except MalformedBatch:
        return False
    devices = {id64("device", batch.device) for batch in batches}
    users = {id64("user", batch.user) for batch in batches if batch.user is not None}
    return bool(devices & extent.devices or users & extent.users)


def _texts(text: bytes) -> Iterator[bytes]:
    found = {*_WORD.findall(text), *_QUOTED.findall(text)}
    if b'\\"' in text:  # JSON as a text of JSON, or damage that makes a mark look escaped
        found.update(each.rstrip(b"\\") for each in text.split(b'"'))
    yield from (each for each in found if len(each) <= _MOST)


@lru_cache(_REMEMBERED)
def _ids(quoted: bytes) -> tuple[int | None, int | None]:
    """The text's numbers as a user's and as a device's id; none of what is no text."""
    try:
        text = json.loads(b'"%b"' % quoted) if b"\\" in quoted else quoted.decode()
    except ValueError:
        return None, None
    return id64("user", text), id64("device", text)
