"""A file beside the store: what an apply would edit, and what was changed elsewhere since the last one.

A name of which the store says something else than the file is edited. Where the file's last apply did not
leave what the store says (somebody changed it since, or made it, or another file manages it), the edit would
overwrite somebody's work: it *drifted*, and is held back until the plan is told to overwrite it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Literal

from backsight.definitions.definitions import Definition, Definitions, Key, definition_of, uses_of
from backsight.store import Managed, Store, StoredVersion

Action = Literal["create", "change", "describe", "rename", "delete"]
Because = Literal["changed", "deleted", "made", "other_file"]


@dataclass(frozen=True)
class Drift:
    """Why an edit would overwrite somebody's work."""

    because: Because
    """It was changed or deleted since the file's last apply, made without a file, or another file has it."""
    file: str | None
    """The file that manages it so far."""
    applied: int | None
    """The version that the file's last apply left."""
    file_changed: bool
    """Whether the file, too, says something else than its last apply left."""
    changes: Sequence[StoredVersion]
    """The versions since then (of what was made without the file: the present one), newest first."""

    def to_json(self) -> dict[str, Any]:
        made = [
            {"version": each.version, "actor": each.actor, "at": each.at.isoformat(), "deleted": each.deleted}
            for each in self.changes
        ]
        return {
            "because": self.because,
            "file": self.file,
            "applied": self.applied,
            "file_changed": self.file_changed,
            "changes": made,
        }


@dataclass(frozen=True)
class Edit:
    """One name that an apply would change."""

    action: Action
    before: Definition | None
    """What stands; of a rename, under the old name."""
    after: Definition | None
    version: int
    """The version that stands; 0 for none."""
    drift: Drift | None = None
    overwritten: bool = False
    """Whether the plan may overwrite what drifted."""
    old_version: int = 0
    """Of a rename, the version of the old name that stands."""

    @property
    def definition(self) -> Definition:
        """What it is about, under the name that it then has (or had)."""
        found = self.after or self.before
        assert found is not None  # noqa: S101  # every edit has a side
        return found

    @property
    def key(self) -> Key:
        return self.definition.key

    @property
    def is_held_back(self) -> bool:
        """Whether an apply refuses it."""
        return self.drift is not None and not self.overwritten

    @property
    def moves_history(self) -> bool:
        """Whether it may change what the name stands for."""
        return self.action in ("create", "change", "delete")


@dataclass(frozen=True)
class Comparison:
    """All that an apply would do."""

    definitions: Definitions
    edits: Sequence[Edit]
    kept: Sequence[tuple[Definition, int]]
    """Names of the file that stand as it says, with their versions: from the apply on, the file has them."""
    released: Collection[Key]
    """Names that are gone from the file and from the store."""
    left: Sequence[Definition]
    """Names in the store that the file does not know."""

    @property
    def held_back(self) -> list[Edit]:
        """The edits that an apply refuses."""
        return [edit for edit in self.edits if edit.is_held_back]

    def fingerprint(self, site: str) -> str:
        """What changes wherever an apply would do anything else than this, or to anything else."""
        edits = [_sealed(edit) for edit in self.edits]
        kept = [(definition.key, version) for definition, version in self.kept]
        told = [site, self.definitions.file, edits, kept, sorted(self.released)]
        return sha256(json.dumps(told).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Wish:
    """How an apply is meant."""

    prune: bool = False
    """Whether names that no file manages are deleted where the file does not know them."""
    overwrite: Collection[str] | None = ()
    """Names whose drift is overwritten; None for all."""

    def overwrites(self, name: str) -> bool:
        return self.overwrite is None or name in self.overwrite


def compare(definitions: Definitions, store: Store, site: str, wish: Wish) -> Comparison:
    """The file beside the store as it stands now. Raises InvalidRequest where a cohort of the file names what
    would not stand after the apply.
    """
    return _Comparing(definitions, store, site, wish).made()


class _Comparing:
    def __init__(self, definitions: Definitions, store: Store, site: str, wish: Wish) -> None:
        self._definitions, self._store, self._site, self._wish = definitions, store, site, wish
        standing = [*store.current_versions(site), *store.current_versions(site, "cohort")]
        self._standing: Mapping[Key, StoredVersion] = {(each.kind, each.name): each for each in standing}
        self._managed: Mapping[Key, Managed] = {(each.kind, each.name): each for each in store.managed(site)}

    def made(self) -> Comparison:
        defined = self._definitions.each
        edits = [edit for each in defined.values() if (edit := self._defined(each)) is not None]
        edits += [self._deleted(version) for key, version in self._standing.items() if self._goes(key)]
        changed = {edit.key for edit in edits}
        kept = [
            (each, self._standing[key].version)
            for key, each in defined.items()
            if key not in changed and not self._is_anothers(key)
        ]
        left = [definition_of(each) for key, each in self._standing.items() if self._is_left(key)]
        released = [key for key in self._own - defined.keys() if key not in self._standing]
        self._check_references([each.key for each in left])
        return Comparison(self._definitions, _with_renames(edits), kept, released, left)

    def _check_references(self, left: Sequence[Key]) -> None:
        stand = [*self._definitions.each, *left]
        events = [name for kind, name in stand if kind == "event"]
        uses: dict[str, Collection[str]] = {}
        uses |= {name: uses_of(self._standing["cohort", name]) for kind, name in left if kind == "cohort"}
        uses |= {name: used for (_, name), (_, used) in self._definitions.uses.items()}
        self._definitions.check_references(events, uses)

    @property
    def _own(self) -> set[Key]:
        file = self._definitions.file
        return {key for key, managed in self._managed.items() if managed.file == file}

    def _goes(self, key: Key) -> bool:
        """Whether what stands is deleted: it is gone from the file; or no file knows it, and all such go."""
        if key in self._definitions.each:
            return False
        return key in self._own or (self._wish.prune and key not in self._managed and not self._is_list(key))

    def _is_left(self, key: Key) -> bool:
        return key not in self._definitions.each and not self._goes(key)

    def _is_anothers(self, key: Key) -> bool:
        managed = self._managed.get(key)
        return managed is not None and managed.file != self._definitions.file

    def _is_list(self, key: Key) -> bool:
        """Whether it is a cohort that lists persons, which no file can define."""
        return key[0] == "cohort" and "members" in json.loads(self._standing[key].definition)

    def _defined(self, wanted: Definition) -> Edit | None:
        version = self._standing.get(wanted.key)
        if version is None:
            return self._edit("create", None, wanted, 0)
        before = definition_of(version)
        if before == wanted:
            return None
        action: Action = "describe" if before.text == wanted.text else "change"
        return self._edit(action, before, wanted, version.version)

    def _deleted(self, version: StoredVersion) -> Edit:
        return self._edit("delete", definition_of(version), None, version.version)

    def _edit(
        self, action: Action, before: Definition | None, after: Definition | None, version: int
    ) -> Edit:
        edit = Edit(action, before, after, version)
        drift = self._drift(edit)
        return replace(
            edit, drift=drift, overwritten=drift is not None and self._wish.overwrites(edit.key[1])
        )

    def _drift(self, edit: Edit) -> Drift | None:
        managed = self._managed.get(edit.key)
        if managed is None:
            return self._unmanaged(edit)
        if managed.file != self._definitions.file:
            return Drift("other_file", managed.file, None, True, self._versions(edit.key)[:1])
        if edit.version == managed.version:
            return None
        versions = self._versions(edit.key)
        applied = next((each for each in versions if each.version == managed.version), None)
        after = edit.after
        file_changed = applied is None or after is None or definition_of(applied) != after
        since = [each for each in versions if each.version > managed.version]
        because: Because = "changed" if edit.version else "deleted"
        return Drift(because, managed.file, managed.version, file_changed, since)

    def _unmanaged(self, edit: Edit) -> Drift | None:
        """What was made without a file: to prune it is asked for in so many words, to change it is not."""
        if edit.before is None or edit.action == "delete":
            return None
        return Drift("made", None, None, True, self._versions(edit.key)[:1])

    def _versions(self, key: Key) -> list[StoredVersion]:
        kind, name = key
        return self._store.versions(self._site, name, kind)[::-1]


def _with_renames(edits: Sequence[Edit]) -> list[Edit]:
    """The edits, of which those that delete a definition and make it under another name are one."""
    gone: dict[tuple[str, str], list[Edit]] = {}
    for edit in edits:
        if edit.action == "delete" and edit.before is not None and edit.drift is None:
            gone.setdefault((edit.before.kind, edit.before.text), []).append(edit)
    made, renamed = [], set[Key]()
    for edit in edits:
        old = gone.get((edit.after.kind, edit.after.text)) if edit.action == "create" and edit.after else None
        if old and edit.drift is None:
            from_ = old.pop(0)
            renamed.add(from_.key)
            made.append(replace(edit, action="rename", before=from_.before, old_version=from_.version))
        else:
            made.append(edit)
    order = {"rename": 0, "create": 1, "change": 2, "describe": 3, "delete": 4}
    left = (edit for edit in made if not (edit.action == "delete" and edit.key in renamed))
    return sorted(left, key=lambda edit: (edit.key[0] != "event", order[edit.action], edit.key[1]))


def _sealed(edit: Edit) -> list[object]:
    sides = [None if side is None else [side.text, side.description] for side in (edit.before, edit.after)]
    drift = None if edit.drift is None else edit.drift.to_json()
    return [edit.action, edit.key, edit.version, edit.old_version, sides, drift, edit.is_held_back]
