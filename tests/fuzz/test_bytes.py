"""What is read before any decoder: packed bodies, headers, forms of base64, the journal's frames, records."""

from __future__ import annotations

import base64
import gzip
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backsight_collector.dialects.mending import mend
from backsight_collector.http.body import inflate
from backsight_collector.http.posthog import sent_at_of, unpack, with_time
from backsight_collector.http.problems import Problem
from backsight_collector.http.segment import credentials
from backsight_collector.journal.reader import JournalReader
from backsight_collector.journal.records import Capture, UnknownRecord, decode_record, encode_record
from backsight_collector.journal.segments import list_segments
from backsight_collector.journal.writer import Journal
from fuzz.hostile import NOW, changed

quick = settings(max_examples=100, deadline=None)
SOUND = b'{"batch": [{"event": "\\ud83d NaN", "n": NaN}]}'
PACKED = gzip.compress(SOUND, mtime=0)
RECORDS = [Capture(NOW + number, "shop", "Firefox", b"%d" % number * 50) for number in range(6)]


@quick
@given(body=st.binary(max_size=80) | changed(PACKED))
def test_packed_bodies(body: bytes) -> None:
    """They unpack to what zlib makes of them, or are refused."""
    try:
        content = inflate(body)
    except Problem as problem:
        assert problem.status in (400, 413)  # noqa: PT017 - either is fine
    else:
        assert zlib.decompress(body, wbits=31) == content


@quick
@given(body=st.binary(max_size=80) | changed(PACKED) | changed(b"data=" + base64.b64encode(PACKED)))
def test_forms_of_bodies(body: bytes) -> None:
    """Whatever form it seems to have, it is read or refused."""
    try:
        assert isinstance(with_time(unpack(body), NOW // 1_000), bytes)
    except Problem as problem:
        assert problem.status in (400, 413)  # noqa: PT017 - either is fine


@pytest.mark.parametrize("form", [
    SOUND, PACKED, base64.b64encode(SOUND), base64.b64encode(PACKED),
    b"data=" + base64.b64encode(SOUND).replace(b"=", b"%3D"),
])  # fmt: skip
def test_sound_forms(form: bytes) -> None:
    """What is damaged above is read when it is whole."""
    assert unpack(form) == SOUND


@quick
@given(
    header=st.binary(max_size=60) | changed(b"Basic " + base64.b64encode(b"wk_test:")),
    query=st.binary(max_size=40),
)
def test_headers(header: bytes, query: bytes) -> None:
    """A header names keys as text, or is refused; a query says a time, or nothing."""
    try:
        assert all(isinstance(key, str) for key in credentials(header).values())
    except Problem as problem:
        assert problem.status == 401  # noqa: PT017 - the only refusal
    assert sent_at_of(query) is None or sent_at_of(query) > 0  # type: ignore[operator]


@quick
@given(body=st.binary(max_size=60) | changed(SOUND))
def test_mended_bodies(body: bytes) -> None:
    """What was mended needs no mending, and strings keep their length but for what was cut in two."""
    mended = mend(body)
    assert mend(mended) == mended


@quick
@given(payload=st.binary(max_size=60) | changed(encode_record(RECORDS[0])))
def test_records(payload: bytes) -> None:
    """A payload is a record that can be written again, or no record of ours."""
    try:
        record = decode_record(payload)
    except UnknownRecord:
        return
    assert decode_record(encode_record(record)) == record


def written(folder: Path) -> bytes:
    """The bytes of a segment that holds RECORDS."""
    journal = Journal(folder)
    for record in RECORDS:
        journal.append_now(encode_record(record))
    journal.close()
    (segment,) = list_segments(folder)
    return segment.path.read_bytes()


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_segments(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Of a damaged segment only records that were written are read, in order, once; and the same again."""
    folder = tmp_path_factory.mktemp("journal")
    sound = written(folder)
    (segment,) = list_segments(folder)
    segment.path.write_bytes(data.draw(changed(sound)))
    first, again = (JournalReader(folder).read(0, 2**30) for _ in range(2))
    assert first == again
    read = [decode_record(record.payload) for record in first]
    places = [RECORDS.index(record) for record in read]  # type: ignore[arg-type]
    assert places == sorted(set(places))
    assert [record.position for record in first] == sorted({record.position for record in first})
