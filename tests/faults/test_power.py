"""Power cuts, at every single sync of a small life, and under load in real processes."""

from __future__ import annotations

import os
import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from backsight_collector.committer import Committer, CommitterSettings
from backsight_collector.lake import table as table_module
from captures import assert_sound, batch, capture, click, identities, identity, write_journal
from faults.power import Power
from faults.scale import IS_LONG

STRIDE: Final = 1 if IS_LONG else 24
"""Every sync where there is time for it; else each so many, from another one with each run."""


@dataclass
class Life:
    """A journal and a committer over one folder, each of whose syncs is written down."""

    data: Path
    power: Power
    heard: dict[str, int] = field(default_factory=dict)
    """After how many syncs a page's batch was acknowledged."""

    def acknowledge(self, *pages: str) -> None:
        for page in pages:
            fields = {"user": f"user of {page}", "elements": elements(page)}
            write_journal(self.data, [capture(batch(page, [click(0), {"type": "?"}], **fields))])
            self.heard[page] = self.power.syncs()

    def fold(self) -> None:
        committer = Committer(self.data, CommitterSettings(fold_bytes=1))
        while committer.step().more:
            pass
        committer.close()

    def acknowledged(self, syncs: int) -> set[tuple[str, int, int]]:
        return {identity(page, 0) for page, heard in self.heard.items() if heard <= syncs}


def elements(page: str) -> list[dict[str, object]]:
    return [{"tag": tag, "attrs": {"class": page}} for tag in ("html", "body", "button")]


@pytest.fixture
def life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Life:
    """Begins with nothing; what it syncs is written down."""
    monkeypatch.setattr(table_module, "CHECKPOINT_EVERY", 4)
    return begin(tmp_path / "plan", tmp_path / "data", monkeypatch)


def begin(folder: Path, data: Path, monkeypatch: pytest.MonkeyPatch, durable: Path | None = None) -> Life:
    folder.mkdir()
    data.mkdir(exist_ok=True)
    power = Power(folder, data, durable)
    for call in ("fsync", "fdatasync"):
        monkeypatch.setattr(os, call, power.recorder.sync)
    return Life(data, power)


def live(life: Life) -> None:
    """Everything that is ever synced: first starts, folds, checkpoints, new segments, trimming."""
    life.acknowledge("a", "b")
    life.fold()
    life.acknowledge("c", "d", "e")
    life.fold()


def assert_all_found(data: Path, required: set[tuple[str, int, int]]) -> None:
    """After a start on what the disk has, what was acknowledged is there once, and life goes on."""
    found = Life(data, power=None)  # type: ignore[arg-type]  # nothing of it is written down
    write_journal(data, [capture(batch("afterwards", [click(0)]))])
    found.fold()
    assert required | {identity("afterwards", 0)} <= set(identities(data))
    assert_sound(data)


def places(count: int) -> range:
    return range(os.getpid() % STRIDE, count, STRIDE)


@pytest.mark.parametrize("is_strict", [True, False], ids=["nothing unsynced", "some of it"])
def test_power_may_be_cut_at_any_sync(life: Life, monkeypatch: pytest.MonkeyPatch, is_strict: bool) -> None:
    """What was acknowledged by then is found again, once, whether or not unsynced data are partly there."""
    kept = copies(life, monkeypatch)
    live(life)
    monkeypatch.undo()
    for syncs in places(life.power.syncs()):
        found = life.data.parent / f"found-{syncs}"
        chance = None if is_strict else random.Random(syncs)
        life.power.restore(found, life.power.disk(syncs), chance, kept[syncs])
        assert_all_found(found, life.acknowledged(syncs))


def copies(life: Life, monkeypatch: pytest.MonkeyPatch) -> dict[int, Path]:
    """What stands in the folder before each sync, unsynced too: what a kill -9 leaves, by syncs so far."""
    made: dict[int, Path] = {}

    def sync(descriptor: int) -> None:
        syncs = life.power.syncs()
        made[syncs] = shutil.copytree(life.data, life.data.parent / f"killed-{syncs}")
        life.power.recorder.sync(descriptor)

    for call in ("fsync", "fdatasync"):
        monkeypatch.setattr(os, call, sync)
    return made


def test_power_may_be_cut_after_a_kill_at_any_sync(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a killed process left unsynced is not taken for durable by the one that follows it."""
    with monkeypatch.context() as patch:
        kept = copies(life, patch)
        live(life)
    for syncs in places(life.power.syncs()):
        durable = life.data.parent / f"durable-{syncs}"
        life.power.restore(durable, life.power.disk(syncs))
        with monkeypatch.context() as patch:
            again = begin(life.data.parent / f"plan-{syncs}", kept[syncs], patch, durable)
            again.acknowledge("f", "g")
            again.fold()
        found = life.data.parent / f"found-{syncs}"
        again.power.restore(found, again.power.disk())
        assert_all_found(found, life.acknowledged(syncs) | again.acknowledged(again.power.syncs()))
