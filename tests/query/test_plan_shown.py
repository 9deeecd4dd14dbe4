"""A plan on a terminal and in a review comment: what it says, and that hostile names say nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

import backsight as bs
from backsight.definitions.plan_markdown import MOST_CHARACTERS, block, code, markdown
from backsight.site import Site
from query.test_plan import FIRST, PRICING, SIGNUP, file_of
from shop_site import write_data

RENDER = MarkdownIt("gfm-like", {"linkify": False, "html": True})
HOSTILE = [
    "<script>alert(1)</script>", "</details><h1>x", "@everyone", "a`b``c```d", "`", "| a | b |", "# title",
    "\x1b[31mred", "\u202eright to left", "line\u2028break", "[x](javascript:y)", "a\\`b",
    "![x](http://evil.example/x.png)",
    " ", "--- \t", "#1 GH-2 http://evil.example",
]  # fmt: skip


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """The shop, to whose names a file was applied."""
    write_data(tmp_path)
    with bs.open(tmp_path, threads=1) as opened:
        opened.apply(FIRST)
        yield opened


@settings(max_examples=60, deadline=None)
@given(text=st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20), st.text("`\\ <|@\n~", max_size=12)))
def test_code_cannot_be_left(text: str) -> None:
    """As a span or a block, any text is code and nothing but code."""
    (paragraph, inline, end) = RENDER.parse(f"- {code(text)}: 3")[2:5]
    assert (paragraph.type, end.type) == ("paragraph_open", "paragraph_close")
    kinds = [child.type for child in inline.children or ()]
    assert kinds == ["code_inline", "text"]
    tokens = RENDER.parse(
        "\n".join(["<details><summary>x</summary>", "", *block([text, "```"]), "", "</details>"])
    )
    assert [token.type for token in tokens] == ["html_block", "fence", "html_block"]


@pytest.mark.parametrize("name", [name for name in HOSTILE if name.strip() and name.isprintable()])
def test_hostile_names_stay_text(site: Site, name: str) -> None:
    """Whatever a name holds: a comment has the same tags as with a tame one, a terminal no escape."""
    shapes = []
    for each in (name, "tame"):
        file = file_of({**FIRST["events"], each: SIGNUP, "Signed up": PRICING}, cohorts=FIRST["cohorts"])
        plan = site.plan(file)
        shapes.append([token.type for token in RENDER.parse(plan.markdown())])
        assert "\x1b" not in plan.text()
    assert shapes[0] == shapes[1]


def test_control_characters_of_captured_texts_are_escaped(site: Site) -> None:
    """A text from a page neither colours a terminal nor breaks a line."""
    plan = site.plan(file_of({**FIRST["events"], "New": SIGNUP}, cohorts=FIRST["cohorts"]))
    for row in plan.edits[0]["effect"]["sample"]["gained"]:
        row["text"] = "\x1b[2J\nall \u202e gone"
    for shown in (plan.text(), plan.markdown()):
        assert "\\x1b[2J\\nall \\u202e gone" in shown
        assert "\x1b" not in shown


def test_the_text_of_a_plan(site: Site) -> None:
    """A plan reads as a list of edits, each with what it does; colour is asked for."""
    site.save("Signups", site.trend("Signed up", from_="2026-10-01", to="2026-10-31"))
    events = {**FIRST["events"], "Signed up": {"on": "submit", "page": {"path": {"op": "is", "value": "/x"}}},
              "Any page": {"on": "pageview"}}  # fmt: skip
    plan = site.plan(file_of(events, cohorts=FIRST["cohorts"]))
    assert plan.text() == TEXT
    assert repr(plan) == TEXT
    assert "\x1b[31m    -" in plan.text(colour=True)


TEXT = """\
events.yaml on shop: 1 to create, 1 to change; 3 unchanged.

+ create event 'Any page'
    + on: pageview
    0 → 6 events by 0 → 5 persons
    + gains 6 events; 5 persons more
        6 x pageview on /pricing
    6 are 'Viewed pricing', too

~ change event 'Signed up'
      on: submit
    - css: form#signup
    + page:
    +   path:
    +     op: is
    +     value: /x
    4 → 0 events by 4 → 0 persons
    - loses 4 events; 4 persons less
        4 x submit form#signup.card.md:flex "Sign up" on /join
    ! {"on": "submit", "page": {"path": {"op": "is", "value": "/x"}}} matches nothing that was captured

Saved reports that use what is edited:
    'Signups' (trend) moves
        Signed up: 4 → 0"""


def test_the_comment_of_a_plan(site: Site) -> None:
    """A comment names the edits in a line each; a second one of the same plan is the same."""
    file = file_of({**FIRST["events"], "Any page": {"on": "pageview"}}, cohorts=FIRST["cohorts"])
    plan = site.plan(file)
    assert plan.markdown() == site.plan(file).markdown() == plan._repr_markdown_()
    assert plan.markdown() == MARKDOWN


MARKDOWN = """\
<!-- backsight plan -->
**`events.yaml` on `shop`**: 1 to create; 4 unchanged.

- create event `Any page`: 0 → 6 events by 0 → 5 persons

<details><summary>create event</summary>

`Any page`

```diff
+ on: pageview
# + gains 6 events; 5 persons more
#     6 x pageview on /pricing
# 6 are 'Viewed pricing', too
```

</details>
"""


def test_a_comment_is_never_too_long(site: Site) -> None:
    """Of many edits with much to say, the details are left out before a comment is cut."""
    names = {
        f"{'`' * 60}{number}" * 2: {"css": "a" * 3_000, "description": "x" * 2_000} for number in range(400)
    }
    answer: dict[str, Any] = dict(site.plan(file_of(names), effects=False).answer)
    shown = markdown(answer)
    assert len(shown) < MOST_CHARACTERS
    assert "and 35" in shown


def test_held_back_edits_stand_out(site: Site) -> None:
    """Who changed what, on a terminal and in a comment."""
    site.define("Signed up", css="form#new", on="submit")
    plan = site.plan(FIRST)
    said = "changed elsewhere since the last apply (version 1): 1 change, the last by python:"
    for shown in (plan.text(), plan.markdown()):
        assert said in shown
    assert "! change event 'Signed up'" in plan.text()
    assert (
        "**Held back** (changed elsewhere; nothing is applied until that is settled): `Signed up`"
        in plan.markdown()
    )
