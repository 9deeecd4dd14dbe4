"""One site's trie, kept between reports: only files committed since the last one are read."""

from __future__ import annotations

from threading import Lock
from typing import Any, Final

from backsight.lake import Snapshot
from backsight.trie import Trie

READ: Final = ("nodes", "elements")


class TrieCache:
    """Gives the trie of a snapshot. Safe to share between threads."""

    def __init__(self) -> None:
        self._trie = Trie()
        self._files_read: dict[str, frozenset[str]] = dict.fromkeys(READ, frozenset())
        self._past: tuple[dict[str, frozenset[str]], Trie] | None = None
        self._lock = Lock()

    def at(self, snapshot: Snapshot) -> Trie:
        """The trie of a snapshot that is not older than any that was given before."""
        with self._lock:
            rows = {table: self._unread(snapshot, table) for table in READ}
            if any(rows.values()):
                self._trie.extend(rows["nodes"], rows["elements"])
            self._files_read = _files(snapshot)
            return self._trie.standing()

    def before(self, snapshot: Snapshot) -> Trie:
        """The trie of an earlier snapshot, made for it; the last one is kept."""
        files = _files(snapshot)
        with self._lock:
            if files == self._files_read:
                return self._trie.standing()
            if self._past is None or self._past[0] != files:
                self._past = files, Trie.build(snapshot.rows("nodes"), snapshot.rows("elements"))
            return self._past[1]

    def _unread(self, snapshot: Snapshot, table: str) -> Any:
        # What compaction wrote anew is read again, whose rows the trie then drops as repeated.
        files = [file for file in snapshot.data_files(table) if file.path not in self._files_read[table]]
        return snapshot.rows(table, files) if files else None


def _files(snapshot: Snapshot) -> dict[str, frozenset[str]]:
    return {table: frozenset(file.path for file in snapshot.data_files(table)) for table in READ}
