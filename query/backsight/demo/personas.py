"""Who visits the shop, and what each does there: scripts over a page, all chance drawn from one seed.

A visitor has a device and a plan, the visits that they will make; a visit is a function of this module that
takes the visitor's `Hand`. The recording keeps visits' names: a replay repeats some of them (`REPEATABLE`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

CATEGORIES = ("tea", "cooking", "table")
SEARCHES = ("kettle", "oak", "linen", "pan", "bowl", "glass", "tea")
ARRIVALS = (
    ("/", "https://www.google.com/"),
    ("/", None),
    ("/shop", "https://duckduckgo.com/"),
    ("/?utm_source=sunday-letter&utm_medium=email&utm_campaign=autumn", None),
    (
        "/products/iron-skillet?utm_source=pan-club&utm_medium=referral",
        "https://pan-club.example/best-skillets",
    ),
    ("/shop/tea", "https://www.bing.com/"),
)
DEVICES = (
    *("Desktop Chrome", "iPhone 13", "Pixel 7") * 2,
    *("Desktop Chrome", "Desktop Firefox", "Desktop Safari", "Desktop Edge"),
)
"""Names of Playwright's devices; one that stands there twice is twice as likely."""


@dataclass
class Hand:
    """A visitor's hand on a page of the shop at `origin`."""

    page: Page
    rng: Random
    origin: str
    email: str

    def arrive(self, path: str, referrer: str | None = None) -> None:
        # Referer is what a browser would have sent had the visitor followed a link there.
        self.page.goto(self.origin + path, referer=referrer, wait_until="load")
        self.page.wait_for_function("document.querySelector('basket-button').shadowRoot")

    def pause(self) -> None:
        self.page.wait_for_timeout(self.rng.choice((15, 25, 40, 70, 120)))

    def click(self, css: str, among: int = 1) -> None:
        """Clicks one of the first `among` visible elements that match (through open shadow roots)."""
        self.pause()
        self._one_of(css, among).click()

    def choose(self, css: str, value: str) -> None:
        self.pause()
        self.page.locator(css).select_option(value)

    def write(self, css: str, text: str) -> None:
        self.pause()
        self.page.locator(css).fill(text)
        self.page.locator(css).press("Tab")  # leaving the field is what makes a browser say that it changed

    def follow(self, css: str, to: str, among: int = 1) -> None:
        """Clicks a link or button that loads another page, and waits for that page."""
        self.click(css, among)
        self.page.wait_for_url(lambda url: to in url, wait_until="load")
        self.page.wait_for_function("document.querySelector('basket-button')?.shadowRoot")

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def _one_of(self, css: str, among: int) -> Locator:
        found = self.page.locator(css).filter(visible=True)
        return found.nth(self.rng.randrange(min(among, found.count())) if among > 1 else 0)


Visit = Callable[[Hand], None]


def bounce(hand: Hand) -> None:
    """Comes, looks, goes."""
    hand.arrive(*hand.rng.choice(ARRIVALS))
    if hand.chance(0.5):
        hand.click("footer a[href^='/']")


def browse(hand: Hand) -> None:
    """Wanders through the catalogue without buying; saves a thing or two."""
    hand.arrive(*hand.rng.choice(ARRIVALS))
    hand.follow("header a[href='/shop']", "/shop")
    for category in hand.rng.sample(CATEGORIES, hand.rng.randint(1, 3)):
        hand.click(f".chips a[href$='{category}']")
    hand.click("button.save", among=4)
    _look_at_product(hand)
    hand.page.go_back(wait_until="load")
    _look_at_product(hand)
    if hand.chance(0.35):
        hand.click("button.add", among=3)


def search(hand: Hand) -> None:
    """Searches, sorts, and adds straight from the rows."""
    hand.arrive("/shop", hand.rng.choice((None, "https://www.google.com/")))
    hand.write("input[name=search]", hand.rng.choice(SEARCHES))
    hand.choose("select[name=order]", hand.rng.choice(("cheap", "dear")))
    if hand.chance(0.6):
        hand.write("input[name=search]", "")
    if hand.page.locator("button.add").count():
        _add_from_row(hand)
        _look_at_product(hand)


def compare(hand: Hand) -> None:
    """Looks at several things of one kind before one goes into the basket."""
    hand.arrive(f"/shop/{hand.rng.choice(CATEGORIES)}", "https://www.google.com/")
    for _ in range(hand.rng.randint(2, 3)):
        _look_at_product(hand)
        hand.page.go_back(wait_until="load")
    _look_at_product(hand)
    _add_from_product_page(hand)


def abandon(hand: Hand) -> None:
    """Gets as far as the checkout, reads what delivery costs, and leaves."""
    hand.arrive("/shop")
    _add_from_row(hand)
    _to_checkout(hand)
    hand.click("input[value=express]")
    if hand.chance(0.6):
        hand.follow("header a[href='/delivery']", "/delivery")
        hand.click("summary", among=3)


def buy(hand: Hand) -> None:
    """Fills a basket and pays."""
    hand.arrive(*hand.rng.choice((*ARRIVALS[:2], ("/shop", None))))
    if "/shop" not in hand.page.url:
        hand.follow(".tiles a", "/shop/", among=3)
    _add_from_row(hand)
    if hand.chance(0.7):
        _look_at_product(hand)
        _add_from_product_page(hand)
    _to_checkout(hand)
    _pay(hand)


def join(hand: Hand) -> None:
    """Reads about membership and signs up."""
    hand.arrive(*hand.rng.choice(ARRIVALS))
    hand.follow("header a[href='/delivery']", "/delivery")
    hand.click("summary", among=3)
    hand.follow(".plan a.button", "/join", among=3)
    hand.write("input[name=email]", hand.email)
    hand.write("input[name=password]", "correct horse battery")
    if hand.chance(0.5):
        hand.click("input[name=letter]")
    hand.follow("form button[type=submit]", "/account")
    hand.click(".tabs a[href$='orders']")
    if hand.chance(0.4):
        hand.click(".tabs a[href$='addresses']")


def _look_at_product(hand: Hand) -> None:
    hand.follow(hand.rng.choice((".row h3 a", ".row-picture")), "/products/", among=4)
    if hand.chance(0.4):
        hand.click("details summary", among=2)
    if hand.chance(0.3):
        hand.click("rating-stars button.star", among=5)


def _add_from_row(hand: Hand) -> None:
    for _ in range(hand.rng.randint(1, 2)):
        # Some aim at the words of the button, some hit its icon.
        hand.click(hand.rng.choice(("button.add", "button.add svg", "button.add span")), among=4)


def _add_from_product_page(hand: Hand) -> None:
    if hand.chance(0.4):
        hand.write("input[name=quantity]", str(hand.rng.randint(1, 3)))
    hand.click(hand.rng.choice((".buy button[type=submit]", ".buy button[type=submit] svg")))


def _to_checkout(hand: Hand) -> None:
    hand.click(hand.rng.choice(("basket-button .toggle", "basket-button .toggle svg")))
    if hand.chance(0.35):
        hand.follow("basket-button a.view", "/basket")
        hand.follow(".basket-sum a", "/checkout")
    else:
        hand.follow(hand.rng.choice(("button.checkout", "button.checkout svg")), "/checkout")


def _pay(hand: Hand) -> None:
    hand.write("input[name=name]", "A. Visitor")
    hand.write("input[name=email]", hand.email)
    hand.write("input[name=address]", "1 Quay Street")
    hand.click(f"input[value={hand.rng.choice(('standard', 'express', 'collect'))}]")
    hand.follow("form button[type=submit]", "/thanks")
    if hand.chance(0.4):
        hand.follow("main a[href='/shop']", "/shop")


VISITS: dict[str, Visit] = {
    visit.__name__: visit for visit in (bounce, browse, search, compare, abandon, buy, join)
}
REPEATABLE = frozenset({"browse", "search", "compare", "abandon", "buy"})
"""Visits that one person may well make again; nobody signs up twice."""

PLANS: tuple[tuple[str, ...], ...] = (
    ("bounce",),
    ("bounce",),
    ("browse",),
    ("browse", "search"),
    ("search", "buy"),
    ("search", "abandon"),
    ("compare", "abandon", "buy"),
    ("compare", "browse"),
    ("join", "browse", "buy"),
    ("browse", "join", "buy", "search"),
    ("buy", "join", "buy"),
    ("buy",),
)


@dataclass(frozen=True)
class Visitor:
    """One scripted visitor; the same number and seed always give the same one."""

    number: int
    device: str
    plan: tuple[str, ...]
    email: str
    seed: int


def cast(count: int, seed: int = 1) -> list[Visitor]:
    """`count` visitors: every plan as often as every other, devices by their share."""
    rng = Random(seed)  # noqa: S311 - a script's chance, not a secret
    return [
        Visitor(n, rng.choice(DEVICES), PLANS[n % len(PLANS)], f"visitor{n}@example.com", rng.getrandbits(32))
        for n in range(count)
    ]
