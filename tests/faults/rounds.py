"""Rounds under load: in each somebody is killed, or the power is cut, and afterwards all is counted."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from backsight.contract import TABLES
from faults.checks import stored_events
from faults.house import House, house
from faults.moments import MOMENTS
from faults.plan import Moment

PARTS: Final = {"the server": ("up",), "the committer": ("committer",), "both": ("committer", "up")}
OLD: Final = 3 * 24.0
REPEATS: Final = 20


@dataclass(frozen=True)
class Deed:
    """What is done in a round, in words, and how."""

    kind: str
    words: str
    do: Callable[[House], None]


@dataclass
class Tally:
    """What all rounds together came to."""

    deeds: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    acknowledged: int = 0
    stored: int = 0
    repeated: int = 0


def run(folder: Path, seed: int, kills: int, cuts: int, tell: Callable[[str], None]) -> Tally:
    """So many rounds in which somebody is killed, and so many power cuts, on one deployment."""
    tally, deck = Tally(), list(deeds(seed, kills, cuts))
    with house(folder, seed) as stands:
        for number, deed in enumerate(deck, 1):
            began = time.monotonic()
            try:
                found = play(stands, deed)
            except AssertionError as error:
                raise AssertionError(f"round {number} ({deed.words}): {error}\n{stands.said()}") from error
            tally.deeds[deed.kind] += 1
            tally.violations += [f"round {number} ({deed.words}): {what}" for what in found]
            tally.acknowledged, tally.repeated = stands.ledger.acknowledged, stands.ledger.repeated
            tally.stored = stored_events(stands.data)
            tell(
                f"round {number} of {len(deck)}: {deed.words}. "
                f"{tally.acknowledged:,} acknowledged, {tally.stored:,} stored, "
                f"{stands.ledger.repeated:,} batches sent again, {len(found)} violations; "
                f"{time.monotonic() - began:.1f} s"
            )
            for what in found:
                tell(f"  VIOLATION: {what}")
    return tally


def play(stands: House, deed: Deed) -> list[str]:
    """One round; what was found wrong after it."""
    chance = stands.chance
    with stands.crowd.visiting():
        stands.await_events(chance.randrange(100, 1_000))
        deed.do(stands)
        stands.crowd.resend(REPEATS)
        stands.await_events(chance.randrange(100, 500))
    return stands.settled()


def deeds(seed: int, kills: int, cuts: int) -> Iterator[Deed]:
    """Kills, half of them at chosen moments and some during deletions, power cuts and torn log entries, in an
    order by chance."""
    chance = random.Random(seed)
    chosen = chance.sample(sorted(MOMENTS), min(len(MOMENTS), kills // 2))
    deletions = kills // 10
    at_random = [chance.choice(sorted(PARTS)) for _ in range(kills - len(chosen) - deletions)]
    deck = [*map(_kill_at, chosen), *map(_kill, at_random), *map(_delete, range(deletions))]
    deck += [*map(_cut, range(cuts)), *map(_tear, list(TABLES)[: cuts // 2])]
    chance.shuffle(deck)
    yield from deck


def _delete(place: int) -> Deed:
    """Somebody dies while the person's rows are taken out file by file; the rest is done afterwards."""

    def do(stands: House) -> None:
        stands.delete()
        if place % 2:
            stands.kill(*stands.chance.choice(list(PARTS.values())))
        else:
            stands.kill_at(
                Moment("committer", "fsync", r"\.parquet$", "after", nth=stands.chance.randrange(1, 9))
            )

    return Deed("kills while a person is deleted", "killed while a person is deleted", do)


def _tear(table: str) -> Deed:
    return Deed(
        "torn log entries", f"the last log entry of {table} was torn", lambda stands: stands.tear(table)
    )


def _kill(who: str) -> Deed:
    return Deed(f"kills of {who} at random", f"{who} killed", lambda stands: stands.kill(*PARTS[who]))


def _kill_at(words: str) -> Deed:
    def do(stands: House) -> None:
        if "old files" in words:
            stands.age(OLD)
        stands.kill_at(MOMENTS[words])

    return Deed("kills at chosen moments", f"killed when {words}", do)


def _cut(place: int) -> Deed:
    """Every second one finds nothing but what was synced; every third follows a kill."""

    def do(stands: House) -> None:
        if place % 3 == 2:
            stands.kill(*stands.chance.choice(list(PARTS.values())))
        stands.cut_power(stands.chance.randrange(1, 300), is_strict=place % 2 == 0)

    return Deed("power cuts", "the power was cut" + (" after a kill" if place % 3 == 2 else ""), do)
