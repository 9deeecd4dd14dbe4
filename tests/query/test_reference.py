"""docs/reference/python.md holds all that there is: every public method and name of the library."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import backsight as bs
from backsight.questions import Questions
from backsight.results import RESULTS

PYTHON = (Path(__file__).parents[2] / "docs" / "reference" / "python.md").read_text("utf-8")


def public(kind: type) -> list[str]:
    """The public methods and attributes of a class, its ancestors' included."""
    return sorted(name for name in dir(kind) if not name.startswith("_"))


@pytest.mark.parametrize("name", public(Questions))
def test_every_method_of_a_site_is_on_the_page(name: str) -> None:
    """What can be asked of a site stands in the reference of the library."""
    assert re.search(rf"\b{name}\b", PYTHON)


@pytest.mark.parametrize("report", sorted(RESULTS))
def test_every_method_of_a_result_is_on_the_page(report: str) -> None:
    """So does what can be done with an answer."""
    missing = [name for name in public(RESULTS[report]) if not re.search(rf"\b{name}\b", PYTHON)]
    assert missing == []


@pytest.mark.parametrize("name", sorted(bs.__all__))
def test_every_public_name_is_on_the_page(name: str) -> None:
    """So does every name that the package exports."""
    assert re.search(rf"\b{name}\b", PYTHON)
