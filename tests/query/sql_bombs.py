"""Statements that would take a machine's memory, or all its time: run by a process of its own, which tells
what became of each, and how much memory it took at most (`python sql_bombs.py`).
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

MEMORY = 128 * 2**20
SECONDS = {"endless": 1.0, "large": 60.0, "deep": 60.0}

ENDLESS = {
    "rows without end": "select count(*) from range(1000000000000)",
    "a cross join": "select count(*) from range(1000000) a, range(1000000) b, range(1000000) c",
    "a recursion without end": "with recursive a as (select 1 as x union all select x + 1 from a) "
    "select count(*) from a",
}
"""They end with their time."""

LARGE = {
    "a long text": "select length(repeat('x', 4000000000))",
    "long texts": "select sum(length(repeat('x', 100000000 + i))) from range(100) t(i)",
    "a printed width": "select length(printf('%2000000000d', 1))",
    "a formatted width": "select length(format('{:>2000000000}', 'x'))",
    "a long list": "select len(range(2000000000))",
    "lists": "select list_transform(range(100000000), lambda x: repeat('x', 1000))",
    "all rows in a list": "select len(list(i)) from range(1000000000) t(i)",
    "all rows in a text": "select length(string_agg(repeat('x', 1000), '')) from range(10000000)",
    "a map": "select map(range(100000000), range(100000000))",
    "a histogram": "select histogram(i) from range(100000000) t(i)",
    "groups": "select count(*) from (select i, md5(i::varchar) from range(1000000000) t(i) group by all)",
    "an order": "select z from (select repeat('x', 900) || i as z from range(100000000) t(i)) order by z",
    "a window": "select sum(i) over (order by md5(i::varchar)) from range(1000000000) t(i)",
    "a regular expression": "select regexp_replace(repeat('a', 200000000), '(a*)*b', 'x')",
    "JSON": "select json_extract(repeat('[', 200000000), '$')",
    "a replaced text": "select length(replace(repeat('x', 1000000), 'x', repeat('y', 100000)))",
    "long rows": "select repeat('x', 10000000) from range(1000000)",
}
"""They end with their memory, or with their time."""

DEEP = {
    "parentheses": "select " + "(" * 40_000 + "1" + ")" * 40_000,
    "negations": "select " + "not " * 20_000 + "true",
    "a sum": "select " + "1+" * 40_000 + "1",
    "lists": "select " + "[" * 40_000 + "]" * 40_000,
    "subqueries": "select " + "(select " * 9_000 + "1" + ")" * 9_000,
    "sources": "select * from " + "(select * from " * 5_000 + "raw_events" + ")" * 5_000,
    "cases": "select " + "case when true then " * 4_000 + "1" + " end" * 4_000,
    "unions": "select 1" + " union all select 1" * 1_000,
    "functions": "select " + "abs(" * 15_000 + "1" + ")" * 15_000,
    "expressions in a row": "select " + "abs(1)," * 3_000 + "1",
    "conditions": "select 1 where " + "1 = 1 and " * 9_000 + "true",
    "joins": "select 1 from range(1) a" + ", range(1)" * 5_000,
    "expressions of tables": "with " + ", ".join(f"a{at} as (select 1)" for at in range(800)) + " select 1",
    "doubled tables": "with a0 as (select 1 as x)"
    + "".join(
        f", a{at} as (select * from a{at - 1} union all select * from a{at - 1})" for at in range(1, 64)
    )
    + " select count(*) from a63",
    "a pattern": "select regexp_matches('a', '" + "(" * 30_000 + "a" + ")" * 30_000 + "')",
    "a path": "select json_extract('{}', '$" + ".a" * 40_000 + "')",
    "a type": "select null::" + "int" + "[]" * 40_000,
    "a structure": "select null::" + "struct(a " * 9_000 + "int" + ")" * 9_000,
}
"""They are refused, or answered, or end with their time or memory; none ends the process that asks."""


def main() -> None:
    """Tells what became of each, and the most memory that was taken by this process and by one of its own."""
    from backsight.errors import Exceeded
    from backsight.runs import Run
    from backsight.sandbox.processes import Sandbox, Setup, Statement
    from backsight.sandbox.refusals import Refusal

    sandbox = Sandbox(MEMORY, 2)
    told = {}
    for kind, statements in (("endless", ENDLESS), ("large", LARGE), ("deep", DEEP)):
        for name, sql in statements.items():
            try:
                with Run(SECONDS[kind]):
                    sandbox.run(Statement(sql, {}, 1_000, 2**20), lambda mentioned: Setup())
                told[f"{kind}: {name}"] = "answered"
            except (Exceeded, Refusal) as error:
                is_exceeded = isinstance(error, Exceeded)
                told[f"{kind}: {name}"] = error.field if is_exceeded else "refused"
    sandbox.close()
    # What getrusage tells of a process itself includes who started it; of its children, itself.
    status = Path("/proc/self/status").read_text()
    own = int(status.split("VmHWM:")[1].split()[0]) * 1024
    peaks = {"own": own, "process": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024}
    json.dump({"told": told, "peaks": peaks}, sys.stdout)


if __name__ == "__main__":
    main()
