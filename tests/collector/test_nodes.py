from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest

from backsight.contract import (
    CONTEXT_DAYS,
    CUT_TAG,
    DAY_MICROSECONDS,
    ELEMENTS,
    MAX_ATTRIBUTE_CHARS,
    MAX_ATTRIBUTE_NAMES,
    NODES,
    id64,
)
from backsight.selectors import parse_selector
from backsight.trie import Trie
from backsight_collector.committer import Committer, CommitterSettings
from backsight_collector.fold import nodes as nodes_module
from backsight_collector.fold.attributes import AttributeBound
from backsight_collector.fold.batch_nodes import BatchNodes
from backsight_collector.fold.nodes import Contexts
from backsight_collector.http.metrics import committer_lines
from backsight_collector.status import read_status
from backsight_collector.wire import Batch
from captures import NOW, SITE, assert_sound, batch, capture, click, stored, write_journal


def typed(**fields: Any) -> Batch:
    return msgspec.convert(batch("a", [click(0)], **fields), Batch)


def identify(contexts: Contexts, sent: Batch) -> list[int]:
    """The ids of all nodes of a batch."""
    nodes = BatchNodes(contexts.site(SITE), sent, NOW)
    return [nodes.node_id(index) for index in range(len(sent.nodes))]


def test_ids_are_hashes_of_what_they_stand_for() -> None:
    """Every collector gives the same ids, and a node's covers its parent's."""
    ids = identify(Contexts(), typed())
    html = id64("element", "html", "html", "lang", "en")
    body = id64("element", "body", "html")
    button = id64("element", "button", "html", "class", "btn", "data-sku", "12")
    root = id64("node", None, html, 1, 1, 1, 1, 0)
    below = id64("node", root, body, 2, 1, 1, 1, 0)
    assert ids == [root, below, id64("node", below, button, 4, 3, 1, 2, 0)]


def test_rows_are_those_of_the_contract() -> None:
    """New elements and nodes come as rows with depth, positions and first sight, once."""
    contexts = Contexts()
    identify(contexts, typed())
    identify(contexts, typed())
    elements, nodes = contexts.take()
    assert elements.schema.equals(ELEMENTS)
    assert nodes.schema.equals(NODES)
    assert nodes["depth"].to_pylist() == [0, 1, 2]
    assert nodes["parent_id"].to_pylist() == [None, *nodes["node_id"].to_pylist()[:2]]
    assert elements["attributes"].to_pylist() == [
        [("lang", "en")],
        [],
        [("class", "btn"), ("data-sku", "12")],
    ]
    assert nodes["first_seen"].cast(pa.int64()).to_pylist() == [NOW] * 3
    assert [table.num_rows for table in contexts.take()] == [0, 0]


def test_only_what_events_refer_to_is_stored() -> None:
    """A batch may send nodes that no event needs; they cost nothing."""
    contexts = Contexts()
    BatchNodes(contexts.site(SITE), typed(), NOW).node_id(1)
    elements, nodes = contexts.take()
    assert (elements.num_rows, nodes.num_rows) == (2, 2)


def test_what_is_stored_is_known_after_a_start() -> None:
    """Rows that the lake holds are not given again; nor does the order of an element's attributes matter."""
    before, after = Contexts(), Contexts()
    identify(before, typed())
    elements, nodes = before.take()
    after.load_elements(elements)
    after.load_nodes(nodes)
    turned = [{"tag": "html", "attrs": {"lang": "en"}}, {"tag": "body"}]
    turned += [{"tag": "button", "attrs": {"data-sku": "12", "class": "btn"}}]
    assert identify(after, typed(elements=turned)) == identify(before, typed())
    assert [table.num_rows for table in after.take()] == [0, 0]
    assert after.collisions == 0


@pytest.mark.parametrize("loaded", [False, True], ids=["in one process", "against stored rows"])
def test_equal_ids_of_unequal_things_are_found(monkeypatch: pytest.MonkeyPatch, loaded: bool) -> None:
    """A collision is counted, and the first thing keeps the id."""
    real = id64
    monkeypatch.setattr(
        nodes_module, "id64", lambda space, *parts: real(space, *parts) if "check" in space else 5
    )
    contexts = Contexts()
    identify(contexts, typed(nodes=[[-1, 0, 1, 1, 1, 1, 0]]))
    elements, nodes = contexts.take()
    if loaded:
        contexts = Contexts()
        contexts.load_elements(elements)
        contexts.load_nodes(nodes)
    identify(contexts, typed(nodes=[[-1, 1, 2, 2, 1, 1, 0]]))
    assert contexts.collisions == 2
    assert [table.num_rows for table in contexts.take()] == [0, 0]


def test_attributes_that_are_not_captured_are_left_out() -> None:
    """What the contract does not list, the lake does not hold; of a long value only its presence is kept."""
    long = "y" * (MAX_ATTRIBUTE_CHARS + 1)
    sent: dict[str, str | None] = {
        "value": "secret",
        "onclick": "x()",
        "style": "a",
        "data-x": long,
        "id": "i",
    }
    description = AttributeBound(SITE, 10).describe(sent)
    assert description.kept == (("data-x", None), ("id", "i"))
    assert description.withheld == ()


def test_a_value_that_never_stops_changing_is_withheld() -> None:
    """Past the limit the attribute's value is null on every element, the known ones included."""
    bound = AttributeBound(SITE, 3)
    kept = [bound.describe({"data-y": f"{value}"}).kept for value in (0, 1, 0, 2, 3, 4, 0)]
    withheld = bound.describe({"data-y": "0", "data-z": "1"})
    assert kept == [(("data-y", value),) for value in ("0", "1", "0", "2", "3", None, None)]
    assert withheld == ((("data-y", None), ("data-z", "1")), (("data-y", "0"),))
    assert list(bound.withheld) == ["data-y"]


def test_classes_and_ids_keep_the_values_they_have() -> None:
    """Generated class names cost a site no rule that it has: past ten times the limit only new values go."""
    bound = AttributeBound(SITE, 1)
    for number in range(10):
        assert bound.describe({"class": f"c{number}"}).kept == (("class", f"c{number}"),)
    assert bound.describe({"class": "c10"}) == ((("class", None),), (("class", "c10"),))
    assert bound.describe({"class": "c3"}).kept == (("class", "c3"),)


def test_generated_attribute_names_are_left_out() -> None:
    """A page that invents attribute names can't grow the elements either."""
    bound = AttributeBound(SITE, 10)
    for number in range(MAX_ATTRIBUTE_NAMES):
        bound.describe({f"data-{number}": ""})
    assert bound.describe({"data-new": "x", "data-0": ""}) == ((("data-0", ""),), (("data-new", "x"),))


def test_the_trie_stops_growing_and_stays_so_after_a_restart(tmp_path: Path) -> None:
    """A scroll offset on <html> adds contexts up to the limit, none after; events keep their own value."""
    limit, committer = 5, None
    for number in range(40):
        elements = [{"tag": "html", "attrs": {"data-scroll": f"{number}"}}, {"tag": "body"}]
        elements += [{"tag": "button", "attrs": {"class": "btn", "data-scroll": f"{number}"}}]
        write_journal(tmp_path, [capture(batch(f"page {number}", [click(0)], elements=elements))])
        if number % 10 == 9:
            committer = Committer(tmp_path, CommitterSettings(max_attribute_values=limit))
            committer.step()
            committer._write_status()
            committer.close()
    assert committer is not None
    assert list(committer.status.withheld[SITE]) == ["data-scroll"]
    assert len(stored(tmp_path, "nodes")) <= 3 * (limit + 2)
    assert_sound(tmp_path)
    last = next(row for row in stored(tmp_path, "events") if row["page"] == id64("page", "page 39"))
    assert last["target_attributes"] == [("data-scroll", "39")]
    (element,) = (row["element_id"] for row in stored(tmp_path, "nodes") if row["node_id"] == last["node_id"])
    (row,) = (row for row in stored(tmp_path, "elements") if row["element_id"] == element)
    assert row["attributes"] == [("class", "btn"), ("data-scroll", None)]


def test_a_chain_as_deep_as_allowed_is_resolved() -> None:
    """512 nodes below each other need no recursion."""
    chain = [[place - 1, 1, 1, 1, 1, 1, 0] for place in range(512)]
    contexts = Contexts()
    BatchNodes(contexts.site(SITE), typed(nodes=chain), NOW).node_id(511)
    assert contexts.take()[1]["depth"].to_pylist() == list(range(512))


def test_memory_for_contents_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the contents kept would take too much, they are let go; ids and new rows are the same."""
    monkeypatch.setattr(nodes_module, "MEMO_BYTES", 1_000)
    contexts = Contexts()
    assert identify(contexts, typed()) == identify(contexts, typed())
    assert len(contexts.site(SITE)._element_memo) + len(contexts.site(SITE)._node_memo) <= 3
    assert [table.num_rows for table in contexts.take()] == [3, 3]


def made_up(number: int) -> Batch:
    """A click on a button that never was before, below a body that was."""
    button = {"tag": "button", "attrs": {"class": f"made-up-{number}", "data-sku": "12"}}
    return typed(elements=[{"tag": "html", "attrs": {"lang": "en"}}, {"tag": "body"}, button])


def test_past_the_limit_contexts_are_cut_at_what_is_known() -> None:
    """New ones below a known ancestor share one node there; known ones stay exact; it is counted and said."""
    contexts = Contexts(max_contexts=CONTEXT_DAYS * 10)
    html, body, button = identify(contexts, typed())
    cut = {identify(contexts, made_up(number))[2] for number in range(50)}
    _, nodes = contexts.take()
    (last,) = cut - set(nodes["node_id"].to_pylist()[:-1])
    assert nodes.num_rows <= 10
    row = nodes.slice(nodes.num_rows - 1).to_pylist()[0]
    assert (row["node_id"], row["parent_id"], row["depth"], row["child_index"]) == (last, body, 2, 0)
    assert row["element_id"] == id64("element", CUT_TAG, "html")
    assert identify(contexts, typed()) == [html, body, button]
    events, why = contexts.cut()[SITE]
    assert events >= 40
    assert why == "new ones are cut: more than 10 were new within a day"


def test_a_cut_event_keeps_its_targets_attributes() -> None:
    """What the trie has no room for stands on the event, as what is withheld does."""
    contexts = Contexts(max_contexts=CONTEXT_DAYS * 2)
    nodes = BatchNodes(contexts.site(SITE), made_up(1), NOW)
    ids = [nodes.node_id(index) for index in range(3)]
    assert ids[0] != ids[1] == ids[2]
    assert nodes.withheld(2) == (("class", "made-up-1"), ("data-sku", "12"))
    assert nodes.withheld(0) == ()
    assert contexts.site(SITE).room.cut_events == 2


def test_a_new_day_has_room_again_up_to_the_sites_limit() -> None:
    """A fifth of it each day; when all is used, nothing is new any more."""
    contexts = Contexts(max_contexts=CONTEXT_DAYS * 4)
    for day in range(40):
        for number in range(9):
            nodes = BatchNodes(contexts.site(SITE), made_up(100 * day + number), NOW + day * DAY_MICROSECONDS)
            nodes.node_id(2)
        elements, rows = contexts.take()
        uncut = [row for row in rows.to_pylist() if row["child_index"]]
        own = [row for row in elements.to_pylist() if row["tag"] != CUT_TAG]
        assert (len(uncut) + len(own) > 0) is (day < 5)
    assert contexts.cut()[SITE][1] == "new ones are cut: 20 are in use"


def test_what_is_made_up_past_the_limit_does_not_use_up_attributes() -> None:
    """Else a stranger could have the classes of a site's next release withheld."""
    contexts = Contexts(max_values=1, max_contexts=CONTEXT_DAYS * 12)
    for number in range(100):
        identify(contexts, made_up(number))
    assert SITE not in contexts.withheld()


def test_cuts_go_on_after_a_restart(tmp_path: Path) -> None:
    """What was new today, and in all, is read back from the lake; the lake stays whole."""
    settings = CommitterSettings(max_contexts=CONTEXT_DAYS * 12)
    for number in range(12):
        sent = batch(
            f"page {number}", [click(0)], elements=[{"tag": "html"}, {"tag": f"x-{number}"}, {"tag": "a"}]
        )
        write_journal(tmp_path, [capture(sent)])
        committer = Committer(tmp_path, settings)
        committer.step()
        committer._write_status()
        committer.close()
    rows = stored(tmp_path, "nodes")
    assert len([row for row in rows if row["child_index"]]) <= 12
    assert_sound(tmp_path)
    status = read_status(tmp_path)
    assert status is not None
    assert status["cut"] == {SITE: [1, "new ones are cut: more than 12 were new within a day"]}
    assert 'backsight_committer_cut_events_total{site="shop"} 1\n' in committer_lines(status)
    assert len(stored(tmp_path, "events")) == 12


def test_memory_stays_bounded_under_made_up_contexts() -> None:
    """Twenty thousand new nodes a batch leave as many as there is room for."""
    contexts = Contexts(max_contexts=CONTEXT_DAYS * 1_000)
    flat = [[-1, 0, 1, 1, 1, 1, 0], *([0, 1, place, 1, 1, 1, 0] for place in range(1, 2_000))]
    for number in range(5):
        nodes = [[parent, element, at + 2_000 * number, *rest] for parent, element, at, *rest in flat]
        identify(contexts, typed(nodes=nodes))
    assert len(contexts.site(SITE)._nodes) <= 1_001 + 5
    assert contexts.site(SITE).room.cut_events > 8_000


def test_readers_match_what_is_known_of_a_cut_context() -> None:
    """Rules over the ancestors hold as before, of the rest none; and it is never taken for its parent."""
    contexts = Contexts(max_contexts=CONTEXT_DAYS * 5)
    _, body, cut = identify(contexts, made_up(1))
    elements, nodes = contexts.take()
    trie = Trie.build(nodes, elements)
    matched = {css: set(trie.node_ids(parse_selector(css), "target").tolist()) for css in ("body", "button")}
    assert matched == {"body": {body}, "button": set()}
    assert trie.node_ids(parse_selector("html body *"), "target").to_pylist() == [cut]
    assert set(trie.node_ids(parse_selector("body")).to_pylist()) == {body, cut}
    placed = trie.node_ids(parse_selector(":first-child, :last-child, :first-of-type"), "target")
    assert cut not in placed.to_pylist()
