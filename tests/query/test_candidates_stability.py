"""Stability is measured: on planted lakes, what lasted is used, whatever it looks like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from backsight import candidates
from backsight.candidates.visits import DAYS
from page_tables import node_of, tables_of
from query.conftest import ContextOf
from query.planted_pages import Clicks, asked

Page = Callable[[int, int], str]
"""A page as it was so many days ago, in a visit."""

WORDS = ("otter", "heron", "lynx", "badger", "marten", "falcon", "beaver", "stoat", "swift", "perch", "trout")


def page(button: str, before: str = "", form: str = "", other: str = 'class="other"') -> str:
    return f"""<html><body>{before}<div id="app"><main class="content"><form {form}>
<button {button}><svg></svg>Save</button><button {other}>Cancel</button></form></main></div></body></html>"""


def target(html: str) -> int:
    """The button that says Save: the first."""
    return node_of(tables_of(html), tag="button")


def planted(made: Page, days: int = 30, visits: int = 4, ago: int = 0) -> Clicks:
    """A lake in which Save was clicked in some visits each day, every second time on its icon."""
    clicks = Clicks()
    for day in range(ago, ago + days):
        for visit in range(visits):
            html = made(day, visit)
            clicks.click(html, target(html) + visit % 2, day, day * 100 + visit, text="Save")
    return clicks


def offered(clicks: Clicks, html: str, context_of: ContextOf, **more: Any) -> dict[str, Any]:
    return candidates.run(asked(html, target(html), **more), clicks.context(context_of))


def left_out(answer: dict[str, Any]) -> dict[str, str]:
    return {each["token"]: each["why"] for each in answer["left_out"]}


LASTING = {
    "react": ('id=":r3:"', "#\\:r3\\:"),
    "emotion": ('class="css-1x2y3z"', ".css-1x2y3z"),
    "modules": ('class="Button_root__x7Gh2"', ".Button_root__x7Gh2"),
    "vue": ('data-v-7ba5bd90=""', "[data-v-7ba5bd90]"),
    "number": ('id="save-20261"', "#save-20261"),
    "state": ('class="is-active"', ".is-active"),
}


@pytest.mark.parametrize("name", LASTING)
def test_what_looks_generated_and_lasts_is_used(name: str, context_of: ContextOf) -> None:
    """A token that was there on each of thirty days is stable, though by its looks it would be left out."""
    attribute, css = LASTING[name]
    html = page(attribute, other='class="c"')
    answer = offered(planted(lambda day, visit: html), html, context_of)
    first = answer["candidates"][0]
    assert first["css"] == css
    assert first["stability"] > 0.8
    assert "there on each of 30 days" in first["why"][0]
    assert candidates.for_page(asked(html, target(html)))["candidates"][0]["css"] != css


PASSING: dict[str, tuple[Page, str, str]] = {
    "an id for each visit": (
        lambda day, visit: page(f'id="{WORDS[(day * 7 + visit * 3) % 11]}" class="save"'),
        "#otter",
        ".save",
    ),
    "a class for each day": (
        lambda day, visit: page(f'class="{WORDS[day % 11]} save"'),
        ".otter",
        ".save",
    ),
    "in half of the visits": (
        lambda day, visit: page('class="otter save"' if visit % 2 == 0 else 'class="save"'),
        ".otter",
        ".save",
    ),
    "one that a release took the place of": (
        lambda day, visit: page(f'data-hook="{"otter" if day < 8 else "heron"}" class="save"'),
        '[data-hook="otter"]',
        ".save",
    ),
    "on an ancestor": (
        lambda day, visit: page('class="save"', form=f'id="{WORDS[(day + visit) % 11]}"'),
        "#otter",
        ".save",
    ),
    "radix": (
        lambda day, visit: page(f'id="radix-:r{(day * 4 + visit) % 36:x}:" class="save"'),
        "#radix-\\:r0\\:",
        ".save",
    ),
    "angular": (
        lambda day, visit: page(f'class="ng-tns-c{day % 5}-{visit} save"'),
        ".ng-tns-c0-0",
        ".save",
    ),
    "a css module's hash": (
        lambda day, visit: page(f'class="Form_save__{"x7Gh2" if day < 3 else "k2LmP"}" name="save"'),
        ".Form_save__x7Gh2",
        '[name="save"]',
    ),
}


@pytest.mark.parametrize("name", PASSING)
def test_what_looks_good_and_comes_and_goes_is_left_out(name: str, context_of: ContextOf) -> None:
    """Between days or between visits, on the element or around it; and it is said what was measured."""
    made, token, css = PASSING[name]
    answer = offered(planted(made), made(0, 0), context_of)
    assert answer["candidates"][0]["css"] == css
    assert token not in " ".join(str(each["css"]) for each in answer["candidates"])
    assert "of" in left_out(answer)[token]


def test_the_days_are_said(context_of: ContextOf) -> None:
    """On how many of the days it was there."""
    answer = offered(
        planted(lambda day, visit: page(f'id="{WORDS[day % 11]}" class="save"')),
        page('id="otter" class="save"'),
        context_of,
    )
    assert left_out(answer) == {"#otter": "there on 3 of 30 days on which it was used"}


def test_the_visits_are_said(context_of: ContextOf) -> None:
    """In how many of the visits, where it was there on every day."""
    made = PASSING["in half of the visits"][0]
    answer = offered(planted(made), made(0, 0), context_of)
    assert left_out(answer) == {".otter": "there in 60 of 120 visits"}


def test_what_was_added_lately_counts_from_then_on(context_of: ContextOf) -> None:
    """A new id in whose place nothing stood before is not one that came and went."""
    made: Page = lambda day, visit: page('id="save"' if day < 12 else "", other='class="c"')  # noqa: E731
    first = offered(planted(made), made(0, 0), context_of)["candidates"][0]
    assert (first["css"], first["why"][0]) == (
        "#save",
        "id “save”: there on each of 12 days since it first was there",
    )


def test_a_little_data_leaves_the_looks_their_weight(context_of: ContextOf) -> None:
    """Two days do not make a generated id lasting, nor an own name passing."""
    html = page('id=":r3:" class="save"')
    answer = offered(planted(lambda day, visit: html, days=2), html, context_of)
    assert answer["candidates"][0]["css"] == ".save"
    assert left_out(answer)["#\\:r3\\:"].startswith(
        "it looks generated, and so far was there on each of 2 days"
    )


def test_pointer_states_are_never_used(context_of: ContextOf) -> None:
    """Whatever is clicked is hovered: that says nothing, however steadily it was there."""
    html = page('class="hover"', other='class="c"')
    answer = offered(planted(lambda day, visit: html), html, context_of)
    assert ".hover" not in " ".join(str(each["css"]) for each in answer["candidates"])
    assert ".hover" in left_out(answer)


def test_an_id_that_wanders_between_elements_is_left_out(context_of: ContextOf) -> None:
    """Here it is a button's, elsewhere a field's and a heading's."""
    clicks = planted(lambda day, visit: page('id="r3" class="save"'))
    for tag in ("input", "h2", "section"):
        clicks.click(
            f'<html><body><{tag} id="r3">{"" if tag == "input" else f"</{tag}>"}</body></html>', 2, 1, 7
        )
    html = page('id="r3" class="save"')
    answer = offered(clicks, html, context_of)
    assert answer["candidates"][0]["css"] == ".save"
    assert "different elements have borne it" in left_out(answer)["#r3"]


def test_it_is_known_again_where_its_place_has_moved(context_of: ContextOf) -> None:
    """A banner before it changes positions; what says the same in the same surroundings is the same."""
    made: Page = lambda day, visit: page(  # noqa: E731
        'id=":r3:"', before="<div>We use cookies</div>" if visit % 2 else ""
    )
    first = offered(planted(made), made(0, 0), context_of)["candidates"][0]
    assert (first["css"], first["why"][0]) == (
        "#\\:r3\\:",
        "id “:r3:”: there on each of 30 days on which it was used",
    )


def test_neighbours_that_take_its_place_do_not_count(context_of: ContextOf) -> None:
    """Where signed-in visitors have another link, what they click says nothing of this one."""

    def menu(signed_in: bool) -> str:
        first = '<a class="out">Log out</a>' if signed_in else '<a class="pricing">Pricing</a>'
        return f"<html><body><nav>{first}<a>Help</a></nav></body></html>"

    clicks = Clicks()
    for day in range(20):
        for visit in range(6):
            clicks.click(menu(visit % 3 > 0), 3, day, day * 10 + visit)
    answer = candidates.run(asked(menu(False), 3), clicks.context(context_of))
    assert answer["candidates"][0]["css"] == ".pricing"


def test_without_words_it_is_known_by_its_position(context_of: ContextOf) -> None:
    """A button without text or name: others at the same tags but another position are not taken for it."""

    def bar(first: str) -> str:
        return f'<html><body><div><button {first}></button><button class="b"></button></div></body></html>'

    clicks = Clicks()
    for day in range(10):
        clicks.click(bar('class="css-1x2y3z"'), 3, day, day, text=None)
        clicks.click(bar('class="css-1x2y3z"'), 4, day, 100 + day, text=None)
        clicks.click(bar('class="css-1x2y3z"'), 4, day + 20, 200 + day, text=None)
    found = candidates.run(asked(bar('class="css-1x2y3z"'), 3), clicks.context(context_of))["candidates"][0]
    assert found["why"] == ["class “css-1x2y3z”: there on each of 10 days on which it was used"]


def test_records_are_told_by_their_numbers_if_these_come_back(context_of: ContextOf) -> None:
    """That other rows were used on other days says nothing about the number of this one."""

    def table(first: int) -> str:
        rows = "".join(
            f'<tr data-order="{n}"><td><button class="del">Delete</button></td></tr>'
            for n in range(first, first + 5)
        )
        return f'<html><body><table class="orders"><tbody>{rows}</tbody></table></body></html>'

    clicks = Clicks()
    for day in range(20):
        html = table(500 + day % 3)
        for row in range(5):
            clicks.click(html, 6 + 3 * row, day, day * 10 + row)
    html = table(501)
    answer = candidates.run(asked(html, 6), clicks.context(context_of))
    found = {each["scope"]: each for each in answer["candidates"]}
    assert found["element"]["css"] == '[data-order="501"] .del'
    assert "it came back on" in found["element"]["why"][0]
    assert (found["row"]["css"], found["row"]["on_page"]) == (".orders .del", 5)


def test_what_holds_of_others_elsewhere_is_narrowed(context_of: ContextOf) -> None:
    """A class that only this button has on the page, and others have elsewhere, is not enough for it."""
    html = page('class="primary"')
    clicks = planted(lambda day, visit: html)
    elsewhere = '<html><body><aside><p><a class="primary" href="/x">More</a></p></aside></body></html>'
    for day in range(10):
        clicks.click(elsewhere, 4, day, 5_000 + day)
    first = offered(clicks, html, context_of)["candidates"][0]
    assert first["rule"] == {"on": "click", "css": ".primary", "text": {"op": "is", "value": "Save"}}
    assert first["on_page"] == 1


def listed(page: str, before: str = "", after: str = "") -> str:
    """A page of three rows that each have a button."""
    rows = "".join(f'<li><b>Item {n}</b><button class="delete">Delete</button></li>' for n in range(3))
    around = f'<main class="{page}">{before}<ul class="list">{rows}</ul>{after}</main>'
    return f"<html><body>{around}</body></html>"


def test_rows_of_other_pages_are_not_meant(context_of: ContextOf) -> None:
    """Where lists of other pages have the same classes, a row and a place in it say which page's they are."""
    html, elsewhere = listed("cart"), listed("wishes", "<section>", "</section>")
    clicks = Clicks()
    for visit in range(20):
        clicks.click(html, target(html), visit % 4, visit)
        clicks.click(elsewhere, target(elsewhere), visit % 4, 50 + visit)
    found = {each["scope"]: each["css"] for each in offered(clicks, html, context_of)["candidates"]}
    assert found["row"] == ".cart .delete"
    assert found["element"] == ".cart li:nth-child(1) .delete"


def test_one_visit_is_enough_to_have_said_so(context_of: ContextOf) -> None:
    """Of what was used but once, it is not told that it said something else at times."""
    html = listed("cart")
    clicks = Clicks()
    clicks.click(html, target(html), 0, 1)
    why = offered(clicks, html, context_of)["candidates"][-1]["why"]
    assert why == ["it said “Delete” on 1 day"]
    clicks.click(html, target(html), 0, 2, text="Remove")
    why = offered(clicks, html, context_of)["candidates"][-1]["why"]
    assert why == ["it did not always say “Delete”"]


def test_kinds_differ_from_the_element_in_history(context_of: ContextOf) -> None:
    """A kind of which the page has only this one is offered where other pages have had more of it."""
    html = page('class="primary" name="save"')
    clicks = planted(lambda day, visit: html)
    clicks.click('<html><body><button class="primary">Order</button></body></html>', 2, 1, 9)
    found = {each["scope"]: each["css"] for each in offered(clicks, html, context_of)["candidates"]}
    assert (found["element"], found["kind"]) == ('[name="save"]', ".primary")


def test_what_is_older_is_not_looked_at(context_of: ContextOf) -> None:
    """Ninety days tell how it is; what a token did before does not."""
    html = page('id=":r3:" class="save"')
    answer = offered(planted(lambda day, visit: html, days=30, ago=DAYS + 1), html, context_of)
    assert answer["candidates"][0]["css"] == ".save"
    assert left_out(answer)["#\\:r3\\:"] == "it looks generated"


def test_the_sql_can_be_seen(context_of: ContextOf) -> None:
    """As every report's."""
    html = page('class="save"')
    text = candidates.sql(asked(html, target(html)), planted(lambda day, visit: html).context(context_of))
    assert "count(distinct e.session)" in text
    assert "by_text.text = e.text" in text
