"""Which sets of nodes an event's node is in, looked up once for all tests of a scan.

A test of a few hundred nodes (`e.node_id in (…)`) is a lookup of its own: those of a three-step funnel took
a third of the database's time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

NODE_SETS: Final = "node_sets"
"""The relation: of each `node_id` in any set, whether it is in each."""

JOIN: Final = f"left join {NODE_SETS} on {NODE_SETS}.node_id = e.node_id"
FEWEST: Final = 2
"""Sets from which on one lookup is cheaper."""


@dataclass(frozen=True)
class NodeSets:
    """The sets of nodes for which a scan's expressions test, each by the SQL of its test."""

    tests: Mapping[str, pa.Int64Array]

    @classmethod
    def of(cls, known: Mapping[str, pa.Int64Array], expressions: Iterable[str]) -> NodeSets:
        """Those of the known ones for which some expression tests; none where there are too few."""
        written = "\n".join(expressions)
        tests = {test: nodes for test, nodes in known.items() if test in written}
        return cls(tests if len(tests) >= FEWEST else {})

    def looked_up(self, expression: str) -> str:
        """The expression, its tests answered by the relation."""
        for number, test in enumerate(self.tests):
            expression = expression.replace(test, f"coalesce({NODE_SETS}.set_{number + 1}, false)")
        return expression

    @property
    def table(self) -> pa.Table:
        """The relation."""
        sets = [nodes.to_numpy() for nodes in self.tests.values()]
        every = np.unique(np.concatenate(sets))
        held = {f"set_{number}": np.isin(every, nodes) for number, nodes in enumerate(sets, 1)}
        return pa.table({"node_id": every, **held})
