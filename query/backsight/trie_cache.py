"""One site's trie, kept between reports: only files committed since the last one are read."""

from __future__ import annotations

from threading import Lock
from typing import Any

from backsight.lake import Snapshot
from backsight.trie import Trie


class TrieCache:
    """Gives the trie of a snapshot. Safe to share between threads.

    The trie may know nodes beyond the snapshot's; no event of the snapshot names one.
    """

    def __init__(self) -> None:
        self._trie = Trie()
        self._files_read: dict[str, frozenset[str]] = {"nodes": frozenset(), "elements": frozenset()}
        self._lock = Lock()

    def at(self, snapshot: Snapshot) -> Trie:
        """The trie that holds every node and element of the snapshot."""
        with self._lock:
            rows = {table: self._unread(snapshot, table) for table in self._files_read}
            if any(rows.values()):
                self._trie.extend(rows["nodes"], rows["elements"])
            for table in self._files_read:
                files = snapshot.data_files(table)
                self._files_read[table] = frozenset(file.path for file in files)
        return self._trie

    def _unread(self, snapshot: Snapshot, table: str) -> Any:
        # What compaction wrote anew is read again, whose rows the trie then drops as repeated.
        files = [file for file in snapshot.data_files(table) if file.path not in self._files_read[table]]
        return snapshot.rows(table, files) if files else None
