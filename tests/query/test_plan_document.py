"""An events file as it is read: YAML 1.2, bounded, with the place of every error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from backsight.definitions import read_definitions, read_document
from backsight.definitions.document import MAX_BYTES, parse_document
from backsight.definitions.writing import yaml_text
from backsight.errors import InvalidRequest, UnsupportedSelector

HEAD = "version: 1\nevents:\n"


def refused(text: str | bytes) -> InvalidRequest:
    """The error about a file."""
    document = parse_document(text)
    with pytest.raises(InvalidRequest) as caught:
        read_definitions(document.value, None, document.located)
    return caught.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on: click", {"on": "click"}),
        ("%YAML 1.1\n---\non: yes", {"on": "yes"}),
        ("yes: off\nno: on\ny: n", {"yes": "off", "no": "on", "y": "n"}),
        ("404: 2026-10-01", {"404": "2026-10-01"}),
        ("a: 1:30\nb: 0o14\nc: 0x1f\nd: 1_000", {"a": "1:30", "b": "0o14", "c": "0x1f", "d": "1_000"}),
        ("a: 12\nb: -1.5\nc: 1e3\nd: .5", {"a": 12, "b": -1.5, "c": 1000.0, "d": 0.5}),
        ("a: '12'\nb: \"true\"\nc: !!str 12", {"a": "12", "b": "true", "c": "12"}),
        ("a: ~\nb:\nc: null\nd: true", {"a": None, "b": None, "c": None, "d": True}),
        ("a: &x {on: click}\nb: *x", {"a": {"on": "click"}, "b": {"on": "click"}}),
        ('{"on": ["click", "submit"], "css": "a > b"}', {"on": ["click", "submit"], "css": "a > b"}),
        ("\ufeffa: é # a comment", {"a": "é"}),
    ],
    ids=lambda value: None if isinstance(value, dict) else value.split("\n")[0].strip("\ufeff %"),
)
def test_yaml_is_read_as_1_2(text: str, value: Any) -> None:
    """`on` and its like are texts whatever a file claims to be, and keys always."""
    assert parse_document(text).value == value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("a: 1\n---\nb: 2", r"events\.yaml:2:1: a second document begins"),
        ("a: 1\na: 2", r"events\.yaml:2:1: the key 'a' stands here twice"),
        ("a: {b: 1,\n  b: 2}", r"events\.yaml:2:3: a: the key 'b' stands here twice"),
        ("a: &x {b: 1}\nc: {<<: *x}", r"events\.yaml:2:5: c: keys are not merged"),
        ("a: !!python/object:os.system x", "tags such as"),
        ("a: !!timestamp 2026-10-01", "tags such as"),
        ("a: *nobody", "anchor|there is no whole value 'nobody'"),
        ("a: &x [*x]", "there is no whole value 'x'"),
        ("? [a, b]\n: 1", "a key is no text"),
        ("a: .inf", "no number that can be used"),
        ("a: 1e999", "no number that can be used"),
        ("a: " + "9" * 5_000, "no number that can be used"),
        ("a: [1, 2", r"events\.yaml:\d+:\d+: this is no YAML"),
        ("a: \x07", "this is no YAML"),
        ("[" * 50 + "]" * 50, "nests too deeply"),
        (b"\xff\xfe", "no UTF-8"),
        (b" " * (MAX_BYTES + 1), "too large"),
    ],
    ids=lambda value: repr(value)[:24] if isinstance(value, str | bytes) else None,
)
def test_what_is_no_plain_yaml_is_refused(text: str | bytes, said: str) -> None:
    """What is cut, ambiguous or not plain values is an error with its place, never something else."""
    with pytest.raises(InvalidRequest, match=said):
        parse_document(text)


def test_aliases_do_not_multiply_without_bound() -> None:
    """A billion laughs are counted, not made; and what nests by aliases nests."""
    laughs = ["a0: &a0 [ha]"]
    laughs += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    with pytest.raises(InvalidRequest, match="says too much"):
        parse_document("\n".join(laughs))
    deep = ["a0: &a0 [ha]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 60))]
    with pytest.raises(InvalidRequest, match="nests too deeply"):
        parse_document("\n".join(deep))


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("  A:\n    css: a:hover", r"events\.yaml:4:5: events\['A'\]\.css: ':hover' can't be matched"),
        ("  A:\n    on: clck", r"events\.yaml:4:5: events\['A'\]\.on: 'clck'.*did you mean 'click'"),
        ("  A:\n    on: click\n    wher: []", r":5:5: events\['A'\]\.wher: unknown field.*'where'"),
        ("  A: {description: x}", r":3:3: events\['A'\]: the rules are missing"),
        ("  A:", r":3:3: events\['A'\]: None is not an object"),
        ("  A.css: {css: 'a +'}", r":3:11: events\['A\.css'\]\.css"),
        ("  A:\n    rules:\n    - on: click\n      where: [{property: path, op: iss}]",
         r":6:\d+: events\['A'\]\.rules\[0\]\.where\[0\]\.op: 'iss'.*'is'"),
        ("  A: {css: b}\n  ' A ': {css: a}", r":4:3: events\[' A '\]: 'A' is defined twice"),
        ("  A: &r {css: b, on: nope}\n  B: *r", r"2 things are wrong:\n.*:3:\d+.*\n.*:4:\d+: events\['B'\]"),
        ("  A: {css: b}\nevent: {}", r":4:1: event: unknown field 'event'.*'events'"),
        ("  A: {css: b}\nname: ''", r":4:1: name: the string is empty"),
    ],
)  # fmt: skip
def test_errors_name_line_column_field_and_what_would_be_valid(entry: str, said: str) -> None:
    """Whatever is wrong in a definition is found where it stands, with the nearest valid name."""
    with pytest.raises(InvalidRequest, match=said):
        raise refused(HEAD + entry)


def test_all_that_is_wrong_is_told_at_once() -> None:
    """Three bad entries are three lines; where only selectors are at fault, the error says so."""
    error = refused(HEAD + "  A: {css: 'a:hover'}\n  B: {css: ok}\n  C: {css: 'b + c'}\n")
    assert isinstance(error, UnsupportedSelector)
    assert str(error).count("events.yaml:") == 2
    mixed = refused(HEAD + "  A: {css: 'a:hover'}\n  B: {on: nope}\n  C: 3\n")
    assert not isinstance(mixed, UnsupportedSelector)
    assert str(mixed).startswith("3 things are wrong:")


@pytest.mark.parametrize("version", ["", "version: 2\n", "version: true\n", "version: '1'\n"])
def test_a_file_says_its_version(version: str) -> None:
    """A file of another format is not guessed at."""
    with pytest.raises(InvalidRequest, match="version of the format"):
        raise refused(f"{version}events: {{}}")


def test_a_section_may_be_empty_but_one_has_to_be_there() -> None:
    """`events:` with nothing below it defines nothing; a file without sections is a mistake."""
    assert read_definitions(parse_document("version: 1\nevents:\n").value).each == {}
    with pytest.raises(InvalidRequest, match="defines nothing"):
        raise refused("version: 1")


def test_short_and_long_form_mean_the_same() -> None:
    """One rule's fields stand for a list of that rule; what is left out is as in the API."""
    text = HEAD + "  A: {css: b}\n  B: {rules: [{on: click, css: b}]}\n  C: {any: [{css: b}]}\n"
    each = read_definitions(parse_document(text).value).each
    assert each["event", "A"].text == each["event", "B"].text == '[{"css": "b", "on": "click"}]'
    assert json.loads(each["event", "C"].text) == [{"any": [{"css": "b", "on": "click"}]}]


def test_a_file_is_read_from_its_path(tmp_path: Path) -> None:
    """Errors name the path as it was given."""
    path = tmp_path / "shop.yaml"
    path.write_text(HEAD + "  A: {css: b, css: c}\n")
    with pytest.raises(InvalidRequest, match=r"shop\.yaml:3:15"):
        read_document(path)


_plain = st.text(max_size=12).filter(lambda text: text.isprintable() or "\n" in text)
_scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**12), 10**12), _plain,
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["on", "yes", "No", "~", "null", "12", "1e3", "0x1f", "2026-10-01", "- a", "a: b", "# c",
                     "*x", "&x", "!x", "<<", "=", "1:30", "|", "\u202e", "'", '"', " a ", "a\nb\n", "\\"]),
)  # fmt: skip
_values = st.recursive(
    _scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_plain, inner, max_size=3)),
    max_leaves=5,
)


@settings(max_examples=60, deadline=None)
@given(value=st.dictionaries(_plain.filter(lambda key: key != "<<"), _values, max_size=4))
def test_what_is_written_reads_back(value: dict[str, Any]) -> None:
    """Any JSON value, written as YAML, is the same value when it is read: also by a loader of YAML 1.1, but
    for `on`.
    """
    text = yaml_text(value)
    assert parse_document(text).value == value
    if "on" not in json.dumps(value):
        assert yaml.safe_load(text) == value


def test_on_is_written_without_quotes() -> None:
    """An exported file looks as people would write it."""
    said = yaml_text({"A": {"on": "click", "where": [{"value": "yes"}]}})
    assert said == "A:\n  on: click\n  where:\n    - value: 'yes'\n"
