"""What does not fit in memory goes to a folder of its own, which is gone with its process."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import pytest

from backsight.engine import Engine
from backsight.errors import Exceeded
from backsight.spill import PREFIX, Spill, remove_leftovers

WORK = """
import sys
from backsight.engine import Engine
engine = Engine(threads=1, memory="64MB")
print("begun", flush=True)
{then}
"""
SPILLING = WORK.format(
    then="engine.query('select count(*) from (select range as r from range(400000000) order by hash(r))')"
)
LEFT_OPEN = WORK.format(then="engine.query('select 1')")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of the test's own, in its processes too."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def spills(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"{PREFIX}*"))


def start(program: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)


def test_a_killed_process_leaves_nothing_for_long(folder: Path) -> None:
    """What a process has spilled stays while it lives; once killed, the next engine removes it."""
    with start(SPILLING) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        [spilled] = spills(folder)
        while not sum(file.stat().st_size for file in spilled.iterdir()):
            assert process.poll() is None
        remove_leftovers()
        assert sum(file.stat().st_size for file in spilled.iterdir())
        process.kill()
    assert spills(folder) == [spilled]
    engine = Engine(threads=1)
    [own] = spills(folder)
    assert own != spilled
    engine.close()
    assert spills(folder) == []


def test_an_engine_that_is_not_closed(folder: Path) -> None:
    """Its folder is gone when the process ends by itself."""
    with start(LEFT_OPEN) as process:
        assert process.communicate(timeout=60) == ("begun\n", None)
    assert process.returncode == 0
    assert spills(folder) == []


def test_what_is_not_ours_is_left_alone(folder: Path) -> None:
    """Files, links and folders of other names stay, and so do folders in use."""
    kept = [folder / "backsight-bench-1", folder / f"{PREFIX}file", folder / f"{PREFIX}link"]
    (folder / "else").mkdir()
    kept[0].mkdir()
    kept[1].write_text("x")
    kept[2].symlink_to(folder / "else")
    used, left = Spill(), folder / f"{PREFIX}left"
    left.mkdir()
    (left / "rows").write_text("x")
    remove_leftovers()
    assert all(path.exists() for path in (*kept, used.path, folder / "else"))
    assert not left.exists()
    used.close()
    used.close()
    assert not used.path.exists()


def test_half_of_the_disk_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """A question that would spill more than half of what is free is refused with advice."""
    free = 40_000_000
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    engine = Engine(threads=1, memory="64MB")
    with pytest.raises(Exceeded, match="more memory than there is"):
        engine.query("select count(*) from (select range as r from range(100000000) order by hash(r))")
    assert engine.query("select 1 as one")["one"].to_pylist() == [1]
    engine.close()


def test_nobody_else_can_read_it(folder: Path) -> None:
    """Rows of the lake stand in it."""
    spill = Spill()
    assert spill.path.stat().st_mode & 0o077 == 0
    spill.close()


def test_two_that_close_it_at_once_close_it_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes while it is removed closes nothing: the descriptor may be another file's by then."""
    spill, remove = Spill(), shutil.rmtree
    again = Thread(target=spill.close)

    def removed(path: Path, ignore_errors: bool) -> None:
        if again.ident is None:
            again.start()
            again.join()
        remove(path, ignore_errors)

    monkeypatch.setattr("backsight.spill.shutil.rmtree", removed)
    spill.close()
    assert again.ident is not None
    assert not spill.path.exists()
