"""Doing what a plan says: all of its edits, or none."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from backsight.definitions.edits import Comparison, Edit
from backsight.errors import Conflict
from backsight.fields import listing
from backsight.store import Application, AuditLine, Store, StoredVersion

Versions = list[tuple[StoredVersion, int]]


def apply(
    comparison: Comparison, store: Store, site: str, actor: str, fingerprint: str | None
) -> dict[str, Any]:
    """Applies a comparison, and tells what then stands.

    Raises Conflict where it is not the plan of that fingerprint, where edits are held back, and where a name
    was changed since the comparison was made: then nothing is changed.
    """
    now = comparison.fingerprint(site)
    if fingerprint is not None and fingerprint != now:
        raise Conflict(
            "this is not the plan that was shown: the file, its options or what it edits has changed since.",
            field="fingerprint",
            value=fingerprint,
            valid="that of a new plan",
        )
    if held_back := comparison.held_back:
        names = listing([edit.key[1] for edit in held_back])
        raise Conflict(
            f"changed elsewhere since the file was last applied, or made without it: {names}.",
            field="overwrite",
            value=[],
            valid="take what the store says into the file; or overwrite it, naming it in 'overwrite'",
        )
    versions = list(_versions(comparison, site, actor))
    file, audit = comparison.definitions.file, _audit(comparison, site, actor, now)
    store.apply(Application(site, file, versions, comparison.released, audit))
    return {
        "site": site,
        "file": file,
        "fingerprint": now,
        "applied": _told(comparison),
    }


def _told(comparison: Comparison) -> list[dict[str, Any]]:
    return [
        {
            "kind": edit.key[0],
            "name": edit.key[1],
            "action": edit.action,
            "from": edit.before.name if edit.action == "rename" and edit.before else None,
        }
        for edit in comparison.edits
    ]


def _versions(comparison: Comparison, site: str, actor: str) -> Iterator[tuple[StoredVersion, int]]:
    at = datetime.now(UTC)
    for definition, version in comparison.kept:
        yield (
            StoredVersion(
                site, definition.name, 0, definition.text, definition.description, actor, at,
                kind=definition.kind,
            ),
            version,
        )  # fmt: skip
    for edit in comparison.edits:
        yield from _of_edit(edit, site, actor, at)


def _of_edit(edit: Edit, site: str, actor: str, at: datetime) -> Iterator[tuple[StoredVersion, int]]:
    after, before = edit.after, edit.before
    if after is not None:
        made = StoredVersion(site, after.name, 0, after.text, after.description, actor, at, kind=after.kind)
        yield made, edit.version
    if before is not None and (after is None or after.name != before.name):
        empty = "[]" if before.kind == "event" else ""
        gone = StoredVersion(site, before.name, 0, empty, "", actor, at, deleted=True, kind=before.kind)
        yield gone, edit.old_version if edit.action == "rename" else edit.version


def _audit(comparison: Comparison, site: str, actor: str, fingerprint: str) -> AuditLine:
    counted = Counter(edit.action for edit in comparison.edits)
    overwritten = [edit.key[1] for edit in comparison.edits if edit.drift is not None]
    detail: dict[str, Any] = {"fingerprint": fingerprint} | dict(counted)
    detail |= {"overwritten": overwritten} if overwritten else {}
    file = comparison.definitions.file
    return AuditLine(datetime.now(UTC), actor, "definitions.apply", site, file, json.dumps(detail))
