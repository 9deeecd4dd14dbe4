"""Personal data is masked in texts, titles and link addresses, and withheld in attributes."""

# ruff: noqa: E501  (pages and scripts stand in whole lines)

from __future__ import annotations

MASKED = [
    ("card", "4111111111111111", "[card]"),
    ("card with spaces", "Pay 4111 1111 1111 1111 now", "Pay [card] now"),
    ("card with dots", "4111.1111.1111.1111", "[card]"),
    ("card with dashes", "4111-1111-1111-1111", "[card]"),
    ("card with dashes and spaces", "4111 - 1111 - 1111 - 1111", "[card]"),
    ("card with no-break spaces", "4111\u00a01111\u00a01111\u00a01111", "[card]"),
    ("card with en dashes", "4111–1111–1111–1111", "[card]"),
    ("2-series", "2223 0031 2200 3222", "[card]"),
    ("2-series, plain", "2223003122003222", "[card]"),
    ("American Express", "3782 822463 10005", "[card]"),
    ("Diners", "3056 930902 5904", "[card]"),
    ("13 digits", "4222222222222", "[card]"),
    ("19 digits", "6212345678900000003", "[card]"),
    ("card, then expiry and code", "4111 1111 1111 1111 12/26 123", "[card] 12/26 123"),
    ("number, then card", "Order 22 4111 1111 1111 1111", "Order 22 [card]"),
    ("two cards", "4111 1111 1111 1111, 5555 5555 5555 4444", "[card], [card]"),
    ("two cards, a space between", "4111 1111 1111 1111 5555 5555 5555 4444", "[card] [card]"),
    ("mail", "Write to ada@example.com.", "Write to [email]."),
    ("mail with a tag", "ada.l+x@mail.example.co.uk", "[email]"),
    ("mail, international", "jürgen@müller.example", "[email]"),
    ("mail in brackets", "Ada <ada@example.com>", "Ada <[email]>"),
    ("IBAN", "IBAN DE89 3704 0044 0532 0130 00 please", "IBAN [iban] please"),
    ("IBAN, plain", "gb82west12345698765432", "[iban]"),
    ("IBAN after another word", "Ab12 DE89370400440532013000", "Ab12 [iban]"),
    ("IBAN, Norway", "NO93 8601 1117 947", "[iban]"),
    ("IBAN, Malta", "MT84 MALT 0110 0001 2345 MTLC AST0 01S", "[iban]"),
    ("social security number", "SSN 078-05-1120", "SSN [ssn]"),
    ("social security number with spaces", "078 05 1120", "[ssn]"),
    ("token", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln-_x", "[token]"),
]
KEPT = [
    ("invoice that is no card", "Invoice 4111 1111 1111 1112"),
    ("invoice, plain", "INV-2026-0001234567890"),
    ("twenty digits", "55111111111111110000"),
    ("milliseconds", "1792540800123"),
    ("dates", "2026-11-21 2026-11-22 2026-11-23"),
    ("a calendar", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21"),
    ("telephone", "+44 20 7946 0958"),
    ("price", "1.234.567,89"),
    ("no IBAN", "DE88 3704 0044 0532 0130 00"),
    ("words", "AB12 LONG WORD TEXT HERE"),
    ("at sign", "5 kg @ 3 Euro, @ada, a@b"),
    ("a picture for dense screens", "logo@2x.png"),
    ("eyJ", "eyJ is how tokens begin"),
]


def put_buttons(site, texts):
    return site.put("".join(f"<button>{text.replace('<', '&lt;')}</button>" for text in texts))


def test_masks(visit, site):
    """Numbers of cards, accounts and people, addresses and tokens are masked; what only looks alike stays."""
    cases = [*MASKED, *((name, text, text) for name, text in KEPT)]
    visit.goto(put_buttons(site, [text for _, text, _ in cases]))
    visit.run("document.querySelectorAll('button').forEach(button => button.click())")
    got = [click["text"] for click in visit.events("click", len(cases))]
    assert dict(zip([name for name, *_ in cases], got, strict=True)) == {
        name: text for name, _, text in cases
    }
    raw = "".join(request.raw for request in site.requests)
    assert [text for _, text, _ in MASKED if text in raw] == []


def test_text_is_masked_before_it_is_cut(visit, site):
    """A number that the cut would go through is masked whole; so is one that tokens pushed far down."""
    visit.goto(
        put_buttons(
            site, ["x" * 250 + " 4111 1111 1111 1111", "eyJ" + "hbGciOiJIUzI1NiJ9." * 30 + " ada@example.com"]
        )
    )
    visit.run("document.querySelectorAll('button').forEach(button => button.click())")
    first, second = visit.events("click", 2)
    assert first["text"] == "x" * 250 + " [car"
    assert "ada@" not in second["text"]


def test_attributes_that_hold_personal_data_are_withheld(shot, site):
    """The attribute's presence is kept, its value is not; class and id are what rules stand on and stay."""
    click = shot(
        '<a id="a@b.example" class="c-4111111111111111" title="ada@example.com" href="mailto:ada@example.com" '
        'data-n="4111 1111 1111 1111" onclick="return false">Write</a>',
        "a",
    )
    attrs = site.chain(click)[0]["attrs"]
    assert attrs == {
        "id": "a@b.example",
        "class": "c-4111111111111111",
        "title": None,
        "href": None,
        "data-n": None,
    }
    assert click["href"] == "mailto:[email]"


def test_the_title_is_masked(visit, site):
    """Mail programs write the account's address into the title."""
    visit.goto(site.put("<script>document.title = 'Inbox - ada@example.com'</script>"))
    assert visit.events("pageview")[0]["page"]["title"] == "Inbox - [email]"


def test_hostile_text_is_masked_in_time(visit, site):
    """Texts made to let patterns run for ever are done in milliseconds."""
    hostile = [
        "a" * 4_000,
        "a@" * 2_000,
        "1 " * 2_000,
        "eyJ" * 1_300,
        "ab12 " * 800,
        "a." * 2_000 + "@",
        "4" * 4_000,
    ]
    visit.goto(put_buttons(site, hostile))
    took = visit.run(
        "(() => { const t = performance.now(); document.querySelectorAll('button').forEach(b => b.click()); return performance.now() - t })()"
    )
    assert len(visit.events("click", len(hostile))) == len(hostile)
    assert took < 1_000
