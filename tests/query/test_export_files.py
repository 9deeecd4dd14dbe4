"""What an export writes appears whole, or not at all, and once."""

from __future__ import annotations

from pathlib import Path

import pytest

from backsight.errors import Conflict
from backsight.exports.files import appearing


@pytest.mark.parametrize("is_folder", [False, True])
def test_two_exports_to_one_path_do_not_mix(tmp_path: Path, is_folder: bool) -> None:
    """The second is refused, naming the path; the first goes on, and then its turn is over."""
    path = tmp_path / "out"
    with appearing(path, is_folder=is_folder) as draft:
        with pytest.raises(Conflict, match="out"), appearing(path, is_folder=is_folder):
            raise AssertionError("both write")
        (draft / "file" if is_folder else draft).write_text("whole")
        assert not path.exists()
    assert (path / "file" if is_folder else path).read_text() == "whole"
    assert [each.name for each in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("is_folder", [False, True])
def test_what_a_kill_left_is_written_over(tmp_path: Path, is_folder: bool) -> None:
    """A draft that nobody holds any more is nobody's."""
    left = tmp_path / ".out.draft"
    left.mkdir()
    (left / "half").write_text("half")
    with appearing(tmp_path / "out", is_folder=is_folder) as draft:
        (draft / "file" if is_folder else draft).write_text("whole")
    assert [each.name for each in tmp_path.rglob("*")] == (["out", "file"] if is_folder else ["out"])


def test_after_an_error_nothing_is_there(tmp_path: Path) -> None:
    """Neither the file nor its draft."""

    def fail() -> None:
        with appearing(tmp_path / "out", is_folder=False) as draft:
            draft.write_text("half")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    assert not list(tmp_path.iterdir())
