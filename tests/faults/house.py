"""One deployment through all that befalls it: its processes, its visitors, its power."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faults.checks import settled
from faults.load import Crowd, Ledger
from faults.moments import ENTRY
from faults.plan import Moment, Plan
from faults.power import Power
from faults.processes import Backsight, await_true


@dataclass
class House:
    """Everything about one deployment; `data` moves to another folder with every power cut."""

    folder: Path
    backsight: Backsight
    ledger: Ledger
    crowd: Crowd
    power: Power
    chance: random.Random
    cuts: int = 0
    hours_ahead: float = 0.0

    @property
    def data(self) -> Path:
        return self.backsight.data

    @property
    def plan(self) -> Plan:
        return self.backsight.plan

    def await_events(self, count: int) -> None:
        """Returns when so many more events have been acknowledged."""
        wanted = self.ledger.acknowledged + count
        self.ledger.await_(
            f"{count} more events", lambda: self.ledger.acknowledged >= wanted or self.crowd.ended
        )

    def kill(self, *parts: str) -> None:
        """kill -9, and a new start; the committer's is its supervisor's affair."""
        self.backsight.kill(*parts)
        if "up" in parts:
            self.backsight.start()

    def kill_at(self, moment: Moment) -> None:
        """Lets somebody die at this moment, which is to come."""
        self.plan.arm(moment)
        await_true(f"the moment {moment}", lambda: self.plan.has_fired or self.crowd.ended)
        self.plan.disarm()
        if moment.role == "up":
            await_true("the server's end", lambda: not self.backsight.runs)
            self.backsight.start()

    def cut_power(self, after_syncs: int, *, is_strict: bool) -> None:
        """No sync returns from then on; all are gone, and start again on what was durable by then."""
        number = self.power.syncs() + after_syncs
        self.power.cut_at(number)
        await_true("the power cut", lambda: self.power.syncs() >= number or self.crowd.ended)
        self.backsight.cut_off()
        self.cuts += 1
        before, found = self.data, self.folder / f"data-{self.cuts}"
        self.power.restore(found, self.power.disk(), None if is_strict else self.chance)
        shutil.rmtree(before)
        self._move(found)
        self.backsight.start()

    def delete(self) -> None:
        """Somebody who was here a while ago is deleted: the command has returned when this does."""
        gone = self.chance.choice(self.ledger.visitors[: len(self.ledger.visitors) // 2])
        self.ledger.visitors.remove(gone)
        self.ledger.deleted.append(gone)
        done = self.backsight.command("persons", "delete", f"device:{gone.device}", "--yes")
        assert done.returncode == 0, done.stderr

    def tear(self, table: str) -> None:
        """All ends while the table's last log entry is not synced, and but a part of it is left."""
        self.kill_at(Moment("committer", "fsync", ENTRY.format(table=table), deed="hang"))
        self.backsight.cut_off()
        entry = max((self.data / "lake" / table / "_delta_log").glob("*.json"))
        os.truncate(entry, self.chance.choice([0, self.chance.randrange(entry.stat().st_size)]))
        self.backsight.start()

    def set_clock(self, hours: float) -> None:
        """The wall clock is ahead by so much from now on (or behind)."""
        ahead, self.hours_ahead = hours - self.hours_ahead, hours
        self.plan.set_clock(hours * 3_600)
        self.age(ahead)

    def age(self, hours: float) -> None:
        """All files of the lake are so much older: the clocks of the kernel and delta-rs can not be set."""
        for path in self.data.glob("lake/**/*.*"):
            make_older(path, hours * 3_600)

    def said(self) -> str:
        """The last words of all processes."""
        return self.backsight.output()[-6_000:]

    def settled(self) -> list[str]:
        """What is wrong, once all is folded."""
        return settled(self.data, self.ledger)

    def _move(self, data: Path) -> None:
        self.backsight = Backsight(data, self.plan, self.backsight.port)
        self.power = Power(self.plan.folder, data)
        self.ledger.now = self.power.syncs


def make_older(path: Path, seconds: float) -> None:
    """As if the file had been written so long before."""
    try:
        changed = path.stat().st_mtime - seconds
        os.utime(path, (changed, changed))
    except FileNotFoundError:
        pass  # the committer has just deleted it


@contextmanager
def house(
    folder: Path, seed: int, constants: dict[str, dict[str, Any]] | None = None, threads: int = 4
) -> Iterator[House]:
    """A deployment that has been started; nothing of it runs at the end."""
    plan, data, chance = Plan(folder / "plan", constants), folder / "data", random.Random(seed)
    data.mkdir(parents=True)
    power, ledger = Power(plan.folder, data), Ledger()
    ledger.now = power.syncs
    backsight = Backsight(data, plan)
    stands = House(
        folder,
        backsight,
        ledger,
        Crowd(backsight.port, ledger, chance.getrandbits(32), threads),
        power,
        chance,
    )
    try:
        backsight.start()
        yield stands
    finally:
        stands.backsight.cut_off()
