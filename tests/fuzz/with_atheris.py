"""The long form of the fuzzers: `make fuzz` lets atheris look for bytes that any reader takes badly.

    python -P tests/fuzz/with_atheris.py [TARGET] [SECONDS]

What holds is what test_decoders.py says. An input that breaks it is written to the working directory, and the
process ends with an error. Without a target, each has SECONDS (60), in a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1]))
with atheris.instrument_imports(include=["backsight_collector"]):
    from backsight_collector.http.body import inflate
    from backsight_collector.http.posthog import unpack
    from backsight_collector.http.problems import Problem
    from backsight_collector.http.segment import credentials
    from backsight_collector.journal.records import UnknownRecord, decode_record, encode_record
    from fuzz.judge import Judge
from fuzz.test_bytes import PACKED, RECORDS
from fuzz.test_bytes import SOUND as FORM
from fuzz.test_decoders import SOUND

Target = Callable[[bytes], None]


def decoder(dialect: str) -> Target:
    """Everything that must hold of a dialect."""
    judge = Judge(Path(tempfile.mkdtemp()))

    def target(body: bytes) -> None:
        judge.examine(body, dialect, None)

    return target


def refusing(read: Callable[[bytes], object]) -> Target:
    """Nothing but a Problem is raised."""

    def target(body: bytes) -> None:
        try:
            read(body)
        except Problem:
            return

    return target


def record(payload: bytes) -> None:
    """A record is one that can be written again."""
    try:
        found = decode_record(payload)
    except UnknownRecord:
        return
    assert decode_record(encode_record(found)) == found


SEEDS = SOUND | {
    "inflate": PACKED,
    "unpack": FORM,
    "credentials": b"Basic d2tfdGVzdDo=",
    "record": encode_record(RECORDS[0]),
}


def target(name: str) -> Target:
    """The target of that name."""
    readers: dict[str, Callable[[bytes], object]] = {
        "inflate": inflate,
        "unpack": unpack,
        "credentials": credentials,
    }
    if name in readers:
        return refusing(readers[name])
    return record if name == "record" else decoder(name)


def fuzz(name: str, seconds: int) -> None:
    """Does not return."""
    corpus = Path(tempfile.mkdtemp())
    (corpus / "sound").write_bytes(SEEDS[name])
    options = [
        f"-max_total_time={seconds}",
        "-max_len=4096",
        "-timeout=10",
        "-verbosity=0",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], target(name))
    atheris.Fuzz()


def main(arguments: list[str]) -> int:
    """The exit code: 0 where nothing was found."""
    seconds = int(arguments.pop()) if arguments and arguments[-1].isdigit() else 60
    if not arguments:
        each = [
            subprocess.run([sys.executable, "-P", __file__, name, str(seconds)], check=False)
            for name in SEEDS
        ]
        return int(any(done.returncode for done in each))
    if arguments[0] not in SEEDS:
        print(f"there is no target {arguments[0]!r}; valid: {', '.join(SEEDS)}", file=sys.stderr)
        return 2
    fuzz(arguments[0], seconds)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
