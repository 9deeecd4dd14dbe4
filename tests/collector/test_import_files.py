"""Files of an import: however they are packed, whatever form they have, and however they are damaged."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from backsight_collector import dialects
from backsight_collector.imports.errors import ImportProblem
from backsight_collector.imports.files import find
from backsight_collector.imports.formats import Options
from backsight_collector.imports.importing import Importer, Seen, new_import, source_of
from backsight_collector.imports.parts import CHUNK_ROWS, PART_ROWS
from importing import NOW, iso, kept, ndjson

ROWS = [
    {
        "timestamp": iso(NOW / 1_000 - 3_600 + n),
        "event": "Bought",
        "user_id": f"u{n}",
        "price": n,
        "note": 'a,"b"\nc',
    }
    for n in range(3)
]
LINES = b"".join(json.dumps(row).encode() + b"\n" for row in ROWS)


def _zipped(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def _csv(delimiter: str) -> bytes:
    quoted = [[str(value).replace('"', '""') for value in row.values()] for row in ROWS]
    header = delimiter.join(ROWS[0])
    return "\n".join([header, *(delimiter.join(f'"{each}"' for each in row) for row in quoted)]).encode()


def _parquet() -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS), out, row_group_size=2)
    return out.getvalue()


FORMS: dict[str, Callable[[], bytes]] = {
    "NDJSON": lambda: LINES,
    "NDJSON with a mark of its encoding and Windows' ends of lines": lambda: (
        b"\xef\xbb\xbf" + LINES.replace(b"\n", b"\r\n")
    ),
    "gzip": lambda: gzip.compress(LINES),
    "gzip in parts": lambda: gzip.compress(LINES[:50]) + gzip.compress(LINES[50:]),
    "zstd": lambda: pa.compress(LINES, "zstd", asbytes=True),
    "zip": lambda: _zipped({"__MACOSX/._a": b"junk", "b.json": LINES[len(LINES) // 3 :], "a.json": b""}),
    "zip of gzip": lambda: _zipped({"1/a.json.gz": gzip.compress(LINES)}),
    "zip of zip": lambda: _zipped({"a.zip": _zipped({"a.json": LINES})}),
    "zip of Parquet": lambda: _zipped({"a.parquet": _parquet()}),
    "JSON array, one a line": lambda: b"[\n" + b",\n".join(LINES.splitlines()) + b"\n]\n",
    "JSON array, one a line, brackets beside them": lambda: b"[" + b",\n".join(LINES.splitlines()) + b"]",
    "JSON array": lambda: json.dumps(ROWS).encode(),
    "JSON array over many lines": lambda: json.dumps(ROWS, indent=2).encode(),
    "CSV": lambda: _csv(","),
    "CSV with semicolons": lambda: _csv(";"),
    "TSV": lambda: _csv("\t"),
    "Parquet": _parquet,
}


@pytest.mark.parametrize("form", FORMS)
def test_a_file_is_told_by_what_is_in_it(tmp_path: Path, form: str) -> None:
    """Whatever it is called: the same rows come out of every form."""
    path = tmp_path / "export.gz"
    path.write_bytes(FORMS[form]())
    expected = ROWS[1:] if form == "zip" else ROWS
    found = kept(path)
    assert not found.refused
    assert [(each["user"], each["props"]) for each in found.said] == [
        (row["user_id"], {"price": row["price"], "note": row["note"]}) for row in expected
    ]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (gzip.compress(LINES * 2_000, mtime=0)[:-200], "the rest can't be read, as the file is cut"),
        (_zipped({"a.json": LINES * 2_000})[:-40], "the rest can't be read"),
        (LINES + b'{"timestamp": \xff\xfe}\n' + LINES.splitlines()[0], "no JSON object"),
        (LINES + b"null\n", "no JSON object"),
        (LINES + b"[" * 100_000 + b"\n", "no JSON object"),
        (LINES + b'{"a": "' + b"x" * 2_000_000 + b'"}\n', "a line of more than 1048576 bytes"),
        (_csv(",") + b"\n1,2,3,4,5,6\n", "6 fields; the header names 5"),
        (_csv(",") + b'\n"' + b"x" * 2_000_000 + b'"\n', "no row of CSV"),
        (b"[" + b",".join(LINES.splitlines()), "no JSON"),
    ],
    ids=["cut gzip", "cut zip", "no UTF-8", "no object", "deep", "long line", "wide CSV", "long field",
         "open array"],
)  # fmt: skip
def test_what_cannot_be_read_is_a_dead_letter(tmp_path: Path, content: bytes, why: str) -> None:
    """With the file's name; what can be read before and behind it is kept."""
    path = tmp_path / "export.json"
    path.write_bytes(content)
    found = kept(path, "plain")
    assert len(found.refused) == 1
    assert why in found.refused[0][2]
    assert found.refused[0][2].startswith("export.json")
    assert len(found.events) >= 3 or content.startswith((b"PK", b"["))


@pytest.mark.parametrize(
    ("flags", "why"), [(0x01, "a.json is encrypted"), (0x800, "a name in it is not UTF-8")]
)
def test_an_archive_that_cannot_be_opened_is_a_dead_letter(tmp_path: Path, flags: int, why: str) -> None:
    """A password, or a name that is no text, ends no import."""
    packed = bytearray(_zipped({"a.json" if flags == 1 else "a.jso\xff": LINES}))
    entry = packed.index(b"PK\x01\x02")
    for at in (6, entry + 8):
        packed[at : at + 2] = flags.to_bytes(2, "little")
    name = packed.index(b"a.jso", entry) + 5
    if flags != 1:
        packed[name : name + 2] = b"\xff\xff"
    path = tmp_path / "export.zip"
    path.write_bytes(packed)
    found = kept(path, "plain")
    assert [why in refused[2] for refused in found.refused] == [True]


def test_rows_behind_a_bad_line_are_kept(tmp_path: Path) -> None:
    """The line that is bad is named, counted from 1."""
    path = tmp_path / "a.json"
    path.write_bytes(LINES + b"oops\n\n" + LINES.replace(b"u0", b"u9"))
    found = kept(path)
    assert len(found.events) == 6
    assert [(row, detail.split(": ")[0]) for row, _, detail in found.refused] == [(3, "a.json:4")]


def test_folders_and_globs_name_their_files(tmp_path: Path) -> None:
    """Each once, by name, without what other tools leave beside data; what names nothing is refused."""
    for name in ("b/2.json", "b/1.json", "b/_SUCCESS", "b/.hidden", "b/_log/x.json", "a.csv"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    found = find([str(tmp_path / "b"), str(tmp_path / "*.csv"), str(tmp_path / "b" / "1.json")])
    assert [path.relative_to(tmp_path).as_posix() for path in found] == ["b/1.json", "b/2.json", "a.csv"]
    with pytest.raises(
        ImportProblem, match=r"there is no file .*c\.json'\. Valid: a file, a folder or a glob"
    ):
        find([str(tmp_path / "c.json")])


def test_the_same_contents_are_the_same_file(tmp_path: Path) -> None:
    """Whatever they are called; a byte more is another file."""
    first, copy, other = (tmp_path / name for name in ("a", "b", "c"))
    first.write_bytes(LINES)
    copy.write_bytes(LINES)
    other.write_bytes(LINES + b"\n")
    keys = [source_of(path, "plain").key("shop") for path in (first, copy, other)]
    assert keys[0] == keys[1] != keys[2]


def test_a_file_that_is_written_to_is_not_taken_for_whole(tmp_path: Path) -> None:
    """A line that is half there would be a dead letter, and the file that it becomes another one."""
    path = ndjson(tmp_path / "a.json", [{"timestamp": iso(NOW / 1_000), "event": "E", "user_id": "u"}] * 9)
    source = source_of(path, "segment")
    with path.open("ab") as file:
        file.write(b'{"timestamp": "2026-1')
    progress, kept_records = new_import(source, "shop", {}), list[bytes]()
    with pytest.raises(ImportProblem, match=r"a\.json is being written to"):
        list(Importer(source, progress, Options(), Seen()).run(kept_records.append, None))
    assert kept_records == []
    assert progress.finished is None


def test_days_lie_together_in_the_journal(tmp_path: Path) -> None:
    """However the file is sorted: a fold meets few days, as parts follow one another by day."""
    rows: list[dict[str, Any]] = [
        {"timestamp": iso(NOW / 1_000 - 86_400 * (n % 40) - 3_600), "event": "E", "user_id": f"u{n % 7}"}
        for n in range(4_000)
    ]
    found = kept(ndjson(tmp_path / "a.json", rows))
    assert len(rows) < CHUNK_ROWS
    assert len(found.captures) == len(rows) // PART_ROWS
    days = [
        [event.time // 86_400_000 for decoded in dialects.read(capture) for _, event in decoded.events]
        for capture in found.captures
    ]
    assert all(max(before) <= min(after) for before, after in pairwise(days))
    assert len(found.events) == len(rows)
