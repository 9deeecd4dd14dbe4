"""Journal to lake: how many events a second one committer folds, and how much memory it takes to do so.

Batches are as the snippet sends them: ten events on a page instance, about 8 KB, with the contexts of a site
of some hundred pages. Run: `python -m bench.intake [--batches 20000]`. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

from backsight_collector.committer import Committer
from backsight_collector.journal.records import Capture, encode_record
from backsight_collector.journal.writer import Journal

TEMPLATES = 400
EVENTS = 10
NODES = 40


def make_template(random_: random.Random) -> dict[str, Any]:
    """A page's elements and nodes, and ten events on them."""
    page = random_.randrange(10_000)
    elements: list[dict[str, object]] = [{"tag": "html", "attrs": {"lang": "en"}}, {"tag": "body"}]
    for place in range(NODES - 2):
        attrs = {"class": f"md:flex w-1/2 block-{place} text-gray-{place % 9}00", "data-block": f"{place}"}
        elements.append({"tag": random_.choice(["div", "section", "a", "button", "li"]), "attrs": attrs})
    nodes = [[-1, 0, 1, 1, 1, 1, 0], [0, 1, 2, 1, 1, 1, 0]]
    for place in range(2, NODES):
        parent = random_.randrange(max(1, place - 6), place)
        nodes.append([parent, place, 1 + random_.randrange(4), 1 + random_.randrange(4), 1, 1, 0])
    events: list[dict[str, object]] = [{"type": "pageview", "page": 0, "seq": 0, "time": 0}]
    for seq in range(1, EVENTS):
        on = {"page": 0, "seq": seq, "time": 0, "node": random_.randrange(2, NODES), "x": 310, "y": 95 + seq}
        texts = {"text": "Add to basket", "label": f"Add kettle {seq} to the basket"}
        href = f"https://shop.example/p/{page}#{seq}"
        events += [{"type": "click", **on, **texts, "target_text": "", "target_label": "", "href": href}]
    page_entry = {
        "id": "",
        "url": f"https://shop.example/p/{page}?utm_source=mail&utm_campaign=x#top",
        "referrer": "https://search.example/?q=kettle",
        "title": f"Kettle {page}",
        "viewport": [1280, 720],
        "language": "en-GB",
    }
    tables = {"pages": [page_entry], "elements": elements, "nodes": nodes, "events": events}
    return {"v": 1, "key": "wk_bench", **tables}


def make_body(template: dict[str, Any], number: int, now_ms: int) -> bytes:
    """One batch of the template: a page instance of its own, one of 50,000 devices."""
    page = {**template["pages"][0], "id": f"page-{number:032d}"}
    events = [{**event, "time": now_ms - 9_000 + event["seq"] * 900} for event in template["events"]]
    device = f"device-{number % 50_000:029d}"
    head = {"batch": f"batch-{number:030d}", "device": device, "session": f"session-{number % 60_000}",
            "sent_at": now_ms}  # fmt: skip
    return json.dumps({**template, **head, "pages": [page], "events": events}).encode()


async def fill(journal: Path, batches: int) -> int:
    """Writes the batches to a journal; their bytes."""
    random_ = random.Random(7)
    templates = [make_template(random_) for _ in range(TEMPLATES)]
    now = time.time()
    writer, total = Journal(journal), 0
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
    for start in range(0, batches, 1_000):
        bodies = [
            make_body(random_.choice(templates), number, round(now * 1000))
            for number in range(start, min(start + 1_000, batches))
        ]
        records = [Capture(round(now * 1e6) + start, "bench", agent, body) for body in bodies]
        await asyncio.gather(*(writer.append(encode_record(record)) for record in records))
        total += sum(map(len, bodies))
    writer.close()
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batches", type=int, default=20_000)
    parser.add_argument("--fold-only", action="store_true", help="no compaction beside the folds")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        size = asyncio.run(fill(Path(directory) / "journal" / "collector", options.batches))
        committer = Committer(Path(directory))
        started, events, folds, longest = time.perf_counter(), 0, 0, 0.0
        while (counts := committer.step()).batches:
            if not options.fold_only:
                committer.tidy()
            events, folds = events + counts.events, folds + 1
            longest = max(longest, committer.status.fold_seconds)
        seconds = time.perf_counter() - started
        committer.close()
    print(
        json.dumps(
            {
                "bench": "intake",
                "events": events,
                "batch_bytes": round(size / options.batches),
                "folds": folds,
                "compactions": committer.status.compactions,
                "seconds": round(seconds, 2),
                "longest_fold_seconds": round(longest, 2),
                "events_per_second": round(events / seconds),
                "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            }
        )
    )


if __name__ == "__main__":
    main()
