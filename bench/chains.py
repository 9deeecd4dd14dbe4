"""The chain column: an element and its ancestors as one text, in the manner of PostHog's `elements_chain`."""

from __future__ import annotations

import pyarrow as pa


def make_chains(nodes: pa.Table, elements: pa.Table) -> pa.Table:
    """The chain of every node: `tag.class1.class2:attr__x="…"nth-child="1"nth-of-type="1";parent…`."""
    described = {
        row["element_id"]: _described(row["tag"], dict(row["attributes"]))
        for row in elements.select(["element_id", "tag", "attributes"]).to_pylist()
    }
    chains: dict[int | None, str] = {None: ""}
    names = ["node_id", "parent_id", "element_id", "child_index", "type_index"]
    for row in nodes.sort_by("depth").select(names).to_pylist():
        above = chains[row["parent_id"]]
        own = (
            f'{described[row["element_id"]]}nth-child="{row["child_index"]}"nth-of-type="{row["type_index"]}"'
        )
        chains[row["node_id"]] = f"{own};{above}" if above else own
    del chains[None]
    return pa.table({"node_id": pa.array(list(chains), pa.int64()), "chain": pa.array(chains.values())})


def _described(tag: str, attributes: dict[str, str]) -> str:
    classes = sorted(attributes.get("class", "").split())
    written = {f"attr__{name}": value for name, value in attributes.items()}
    if "href" in attributes:
        written["href"] = attributes["href"]
    return ".".join([tag, *classes]) + ":" + "".join(f'{name}="{written[name]}"' for name in sorted(written))
