"""What the demo asks: four names given afterwards, a funnel and a retention table.

The rules are plain CSS over pages that carry nothing for analytics: a list's buttons (a click on the icon
inside counts), a button known by its utility classes, one inside a custom element's shadow root, a form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backsight.questions import Questions

Rule = dict[str, Any]

NAMED_EVENTS: dict[str, list[Rule]] = {
    "Viewed product": [{"on": "click", "css": ".shelf > .row a[href^='/products/']"}],
    "Added to basket": [
        {"on": "click", "css": "ul.shelf button.add"},
        {"on": "click", "css": r"form.buy .md\:w-1\/2.hover\:bg-ink"},
    ],
    "Started checkout": [
        {"on": "click", "css": ":host(basket-button) button.checkout"},
        {"on": "click", "css": ".basket-sum a.button"},
    ],
    "Signed up": [{"on": "submit", "css": "form[action='/account']"}],
}

ORDERED: Rule = {"on": "track", "name": "Order placed", "label": "Order placed"}
"""The one event of the funnel that the shop's own code sends."""

FUNNEL: dict[str, Any] = {
    "steps": ["Viewed product", "Added to basket", "Started checkout", ORDERED],
    "window": "14d",
}
"""Arguments of `funnel`."""

RETENTION: dict[str, Any] = {
    "start": "Added to basket",
    "return_": "Added to basket",
    "period": "week",
    "periods": 8,
    "cohort": "first_in_range",
}
"""Arguments of `retention`: do those who once put something into the basket do so in later weeks?"""


def define_names(site: Questions) -> None:
    """Gives the names; where they stand already, nothing changes."""
    for name, rules in NAMED_EVENTS.items():
        site.define(name, rules=rules)
