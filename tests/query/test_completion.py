"""Names are offered while somebody types, by IPython's own completer, over both doors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import backsight as bs
from backsight.completion import Typed, typed
from backsight.questions import Questions
from shop_site import secret_key, served, write_data


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop's data directory, with three named events and a cohort."""
    folder = tmp_path_factory.mktemp("completion")
    write_data(folder)
    with bs.open(folder) as site:
        site.define("Viewed pricing", on="pageview", page="/pricing")
        site.define("Signed up", css="form#signup", on="submit")
        site.define('Said "yes" \\o/', on="click")
        site.define_cohort("Buyers", [{"did": "Signed up"}])
    return folder


@pytest.fixture(scope="module", params=["open", "connect"])
def site(request: pytest.FixtureRequest, data: Path) -> Iterator[Questions]:
    """The shop, in place and over HTTP."""
    if request.param == "open":
        with bs.open(data) as local:
            yield local
        return
    with served(data) as url, bs.connect(url, secret_key(data, "read")) as remote:
        yield remote


@pytest.fixture(scope="module")
def bare() -> Any:
    """An IPython shell."""
    return InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))


@pytest.fixture
def shell(bare: Any, site: Questions) -> Iterator[Any]:
    """It knows the site, and has the extension loaded."""
    bare.user_ns["site"] = site
    bs.load_ipython_extension(bare)
    yield bare
    bs.unload_ipython_extension(bare)


def offered(shell: Any, text: str) -> list[str]:
    """The cell as it is with each of what is offered at its end."""
    with provisionalcompleter():
        found = list(shell.Completer.completions(text, len(text)))
    return [text[: each.start] + each.text for each in found]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('site.funnel(["View', "Viewed pricing"),
        ('site.funnel(["Viewed pricing", "Signed ', "Signed up"),
        ("f = site.trend('sign", "Signed up"),
        ('site.funnel(\n    steps=[\n        {"event": "Si', "Signed up"),
        ('site.trend("Signed up", breakdown="utm_so', "utm_source"),
        ('site.trend("Signed up", breakdown=["path", "tot', "total"),
        ('site.funnel([], where=[{"property": "pat', "path"),
        ('site.funnel([], where=[{"property": "path", "op": "not_', "not_contains"),
        ('site.funnel([], person_where=[{"cohort": "', "Buyers"),
        ('site.retention("Signed up", "Viewed', "Viewed pricing"),
        ('site.retention("Signed up", {"on": "pagev', "pageview"),
        ('site.funnel([], order="st', "strict"),
        ('site.trend({"event": "Signed up", "measure": "medi', "median"),
        ('site.delete_event("View', "Viewed pricing"),
        ('site.freeze_cohort("', "Buyers"),
        ('site.trend("Said', r"Said \"yes\" \\o/"),
    ],
)
def test_names_within_a_call(shell: Any, text: str, name: str) -> None:
    """Each argument is offered what it takes, wherever in the call it stands; nothing else is."""
    opened = max(text.rfind(quote) for quote in "\"'")
    assert offered(shell, text) == [text[: opened + 1] + name]


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ('site["Sig', ['site["Signed up']),
        ('site.properties["utm_so', ['site.properties["utm_source']),
        ('site.properties["to', ['site.properties["total']),
    ],
)
def test_names_as_keys(bare: Any, site: Questions, text: str, then: list[str]) -> None:
    """Without the extension, too."""
    bare.user_ns["site"] = site
    assert [each for each in offered(bare, text) if each in then] == then
    assert not [each for each in offered(bare, text.replace("site", "nobody")) if each in then]


@pytest.mark.parametrize(
    "text",
    [
        "site.funnel([",
        'site.funnel(["Viewed pricing"], ',
        'other.funnel(["View',
        'site.unknown("View',
        'site.funnel([], since="V',
        'site.funnel([{"View',
        '# site.funnel(["View',
        'print("View',
        'site.funnel(["Viewed pricing"]); "View',
        'site.trend("Signed up", "day", "View',
    ],
)
def test_where_no_name_stands(shell: Any, text: str) -> None:
    """Elsewhere no name of an event is offered."""
    assert not [each for each in offered(shell, text) if "Viewed pricing" in each[len(text) - 4 :]]


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("site.funnel(['''A", Typed("site", "funnel", 0, "A", "'''")),
        (r"site.funnel(['it\'s ", Typed("site", "funnel", 0, r"it\'s ", "'")),
        ('site.trend("A", interval = "d', Typed("site", "trend", "interval", "d", '"')),
        ('x = (1, 2); site.paths("A", "B', Typed("site", "paths", 1, "B", '"')),
        ('site.trend("A").to_csv("', None),
        ("", None),
        (")]}'", None),
        ("site.funnel(" + " " * 30_000 + '"', None),
    ],
)
def test_what_is_being_typed(text: str, then: Typed | None) -> None:
    """Quotes of every kind, arguments by name and by place, and what is no call of a site."""
    assert typed(text) == then


def test_a_site_that_does_not_answer(bare: Any, data: Path) -> None:
    """Nothing is offered then, and nothing raised into what somebody types."""
    with served(data) as url:
        gone = bs.connect(url, secret_key(data, "read"))
    bare.user_ns["site"] = gone
    bs.load_ipython_extension(bare)
    for text in ('site.funnel(["View', 'site["Sig', 'site.properties["pa'):
        assert not {each[-10:] for each in offered(bare, text)} & {"ed pricing", '"Signed up', 'ies["path'}
    bs.unload_ipython_extension(bare)
    gone.close()


def test_errors_are_short_in_a_notebook(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """The reader's own line and the message; the whole traceback is there for who asks."""
    result = shell.run_cell('def ask():\n    return site.funnel(["Signd up"])\nask()')
    shown = capsys.readouterr().out
    assert shown == (
        "line 3: ask()\n"
        'line 2: return site.funnel(["Signd up"])\n'
        "InvalidRequest: steps[0]: there is no named event 'Signd up'. Valid: did you mean 'Signed up'.\n"
    )
    assert isinstance(result.error_in_exec, bs.InvalidRequest)
    assert result.error_in_exec.__traceback__ is not None
