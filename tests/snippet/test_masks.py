"""Personal data is masked in texts, titles and link addresses, and withheld in attributes."""

# ruff: noqa: E501  (pages and scripts stand in whole lines)

from __future__ import annotations

import pytest

# Numbers that networks publish for tests, with their Luhn digit; how each is grouped on its card.
CARDS = {
    "Visa": "4111 1111 1111 1111",
    "Visa, 13 digits": "4222 222 222 222",
    "Visa, 19 digits": "4000 0000 0000 0000 006",
    "Mastercard": "5555 5555 5555 4444",
    "Mastercard, 2-series": "2223 0031 2200 3222",
    "Mastercard, end of the 2-series": "2720 9900 0000 0015",
    "American Express": "3782 822463 10005",
    "American Express, 34": "3400 000000 00009",
    "Diners Club": "3056 930902 5904",
    "Diners Club, 36": "3622 720627 1667",
    "Discover": "6011 1111 1111 1117",
    "JCB": "3530 1113 3330 0000",
    "UnionPay": "6200 0000 0000 0005",
    "UnionPay, 19 digits": "6212 3456 7890 0000 003",
    "Maestro": "6759 6498 2643 8453",
    "RuPay": "8172 4500 0000 0002",
    "Troy": "9792 0303 9444 0796",
    "Mir": "2200 0000 0000 0004",
    "Elo": "6363 6800 0000 0007",
    "Hipercard": "6062 8288 8866 6688",
}
GROUPED = {
    "spaces": " ",
    "nothing": "",
    "full stops": ".",
    "dashes": "-",
    "no-break spaces": "\u00a0",
    "narrow no-break spaces": "\u202f",
    "en dashes": "\u2013",
    "minus signs": "\u2212",
    "spaced dashes": " - ",
    "spaces without width": "\u200b",
    "soft hyphens": "\u00ad",
}
# The examples of the SWIFT registry.
IBANS = """
AD1200012030200359100100 AE070331234567890123456 AL47212110090000000235698741 AT611904300234573201
BA391290079401028494 BE68539007547034 BG80BNBG96611020345678 BR1800360305000010009795493C1 CH9300762011623852957
CY17002001280000001200527600 CZ6508000000192000145399 DE89370400440532013000 DK5000400440116243
EE382200221020145685 ES9121000418450200051332 FI2112345600000785 FR1420041010050500013M02606
GB29NWBK60161331926819 GI75NWBK000000007099453 GR1601101250000000012300695 HR1210010051863000160
HU42117730161111101800000000 IE29AIBK93115212345678 IL620108000000099999999 IS140159260076545510730339
IT60X0542811101000000123456 KZ86125KZT5004100100 LC55HEMM000100010012001200023015 LI21088100002324013AA
LT121000011101001000 LU280019400644750000 LV80BANK0000435195001 MC5811222000010123456789030
MT84MALT011000012345MTLCAST001S NL91ABNA0417164300 NO9386011117947 PL61109010140000071219812874
PT50000201231234567890154 QA58DOHB00001234567890ABCDEFG RO49AAAA1B31007593840000 SA0380000000608010167519
SC18SSCB11010000000000001497USD SE4550000000058398257466 SI56191000000123438 SK3112000000198742637541
TR330006100519786457841326
""".split()


def in_fours(iban):
    return " ".join(iban[i : i + 4] for i in range(0, len(iban), 4))


def full_width(text):
    return "".join(chr(ord(c) + 0xFEE0) if c.isdigit() else c for c in text)


def has_luhn_digit(number):
    digits = [int(c) for c in reversed(number) if c.isdigit()]
    return sum(d if i % 2 == 0 else sum(divmod(2 * d, 10)) for i, d in enumerate(digits)) % 10 == 0


def has_check_digits(iban):
    return int("".join(str(int(c, 36)) for c in iban[4:] + iban[:4])) % 97 == 1


MASKED = [
    *((f"{name}, {how}", card.replace(" ", gap), "[card]") for name, card in CARDS.items()
      for how, gap in GROUPED.items()),
    *((f"{name}, full width", full_width(CARDS[name]), "[card]") for name in ("Visa", "Mastercard, 2-series")),
    *((f"IBAN {iban[:2]}", f"to {iban}.", "to [iban].") for iban in IBANS),
    *((f"IBAN {iban[:2]}, in fours", f"IBAN {in_fours(iban)}, please", "IBAN [iban], please") for iban in IBANS),
    ("IBAN, small letters", "gb82west12345698765432", "[iban]"),
    ("IBAN, no-break spaces", "DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000", "[iban]"),
    ("IBAN after a word like one", "Ab12 DE89370400440532013000", "Ab12 [iban]"),
    ("IBAN, then words", "DE89 3704 0044 0532 0130 00 Ada Lovelace", "[iban] Ada Lovelace"),
    ("IBAN after a number", "Account 12 DE89 3704 0044 0532 0130 00", "Account 12 [iban]"),
    ("two IBANs", "NO93 8601 1117 947 BE68 5390 0754 7034", "[iban] [iban]"),
    ("card, then expiry and code", "4111 1111 1111 1111 12/26 123", "[card] 12/26 123"),
    ("card after a number", "Order 22 4111 1111 1111 1111", "Order 22 [card]"),
    ("card after a number of four digits", "Order 2345 4111 1111 1111 1111", "Order 2345 [card]"),
    ("card after a word", "Visa4111111111111111", "Visa[card]"),
    ("card before a word", "4111111111111111EUR", "[card]EUR"),
    ("two cards", "4111 1111 1111 1111, 5555 5555 5555 4444", "[card], [card]"),
    ("two cards, a space between", "4111 1111 1111 1111 5555 5555 5555 4444", "[card] [card]"),
    ("card in quotes", "\u201c4111-1111-1111-1111\u201d", "\u201c[card]\u201d"),
    ("social security number", "SSN 078-05-1120", "SSN [ssn]"),
    ("social security number, spaces", "078 05 1120", "[ssn]"),
    ("social security number, full stops", "078.05.1120", "[ssn]"),
    ("social security number, en dashes", "078\u201305\u20131120", "[ssn]"),
    ("social security number, no-break spaces", "078\u00a005\u00a01120", "[ssn]"),
    ("taxpayer number", "ITIN 912-70-1234.", "ITIN [ssn]."),
    ("mail", "Write to ada@example.com.", "Write to [email]."),
    ("mail with a tag", "ada.l+x@mail.example.co.uk", "[email]"),
    ("mail, international", "j\u00fcrgen@m\u00fcller.example", "[email]"),
    ("mail in Greek", "\u03b1\u03b4\u03b1@\u03c0\u03b1\u03c1\u03ac\u03b4\u03b5\u03b9\u03b3\u03bc\u03b1.\u03b5\u03bb", "[email]"),
    ("mail in Punycode", "ada@xn--mller-kva.xn--p1ai", "[email]"),
    ("mail in brackets", "Ada <ada@example.com>", "Ada <[email]>"),
    ("mail, quoted", '"ada lovelace"@example.com', "[email]"),
    ("mail with an apostrophe", "o'neil@example.ie", "[email]"),
    ("mail, percent-encoded", "?to=ada%40example.com&x=1", "?to=[email]&x=1"),
    ("mail with an encoded plus", "ada%2Bshop%40example.com", "[email]"),
    ("mail, full-width at sign", "ada\uff20example.com", "[email]"),
    ("mail in a link", "mailto:ada@example.com?subject=Hi", "mailto:[email]?subject=Hi"),
    ("two mails", "ada@example.com;bob@example.com", "[email];[email]"),
    ("token", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln-_x", "[token]"),
    ("token without signature", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", "[token]"),
    ("encrypted token", "eyJhbGciOiJkaXIifQ..aXY.Y2lwaGVy.dGFn", "[token]"),
    ("token that was cut", "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzd", "Bearer [token]"),
]  # fmt: skip
KEPT = [
    ("card with a wrong digit", "4111 1111 1111 1112"),
    ("invoice, grouped like a card", "Invoice 4111 1111 1111 1112"),
    ("invoice", "INV-2026-0001234567890"),
    ("order with dashes", "Order 302-7654321-1234567"),
    ("order, 17 digits", "111-2223334-4455667"),
    ("reference", "RF18 5390 0754 7034"),
    ("twenty digits", "55111111111111110000"),
    ("parcel, 20 digits", "00340434161094042557"),
    ("parcel, UPS", "1Z999AA10123456784"),
    ("customer number", "K-4711-0815"),
    ("seconds", "1792540800"),
    ("milliseconds", "1792540800123"),
    ("microseconds", "1792540800123456"),
    ("date and time", "20261121101112"),
    ("date, time and fraction", "2026-11-21T10:11:12.123456Z"),
    ("dates", "2026-11-21 2026-11-22 2026-11-23"),
    ("dates with full stops", "21.11.2026 - 22.11.2026 - 23.11.2026"),
    ("a calendar", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21"),
    ("ISBN", "978-3-16-148410-0"),
    ("ISBN, plain", "9783161484100"),
    ("ISBN with a Luhn digit", "9780306000041"),
    ("EAN", "5901234123457"),
    ("EAN with a Luhn digit", "5901234000093"),
    ("GTIN-14", "10012345678902"),
    ("ISSN", "ISSN 2049-3630"),
    ("telephone", "+44 20 7946 0958"),
    ("telephone, US", "+1 (415) 555-2671"),
    ("telephone, Germany", "0049 170 1234567"),
    ("telephone, China", "+8613800138000"),
    ("telephone with full stops", "02.98.76.54.32"),
    ("ZIP and four", "94103-1234"),
    ("IPv4", "192.168.100.200"),
    ("IPv6", "2001:0db8:85a3:0000:0000:8a2e:0370:7334"),
    ("UUID", "550e8400-e29b-41d4-a716-446655440000"),
    ("UUID like an IBAN", "de89f704-0044-4532-a130-00c0ffee0000"),
    ("SHA-1", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
    ("MD5", "ab12c34d5e6f7a8b9c0d1e2f3a4b5c6d"),
    ("ULID", "01ARZ3NDEKTSV4RRFFQ69G5FAV"),
    ("colour", "#ab12cd34"),
    ("version", "v18.2.0-beta.12+build.4567"),
    ("price", "1.234.567,89"),
    ("price, US", "$ 4,567,890,123,456.00"),
    ("large number", "234.567.890.123"),
    ("coordinates", "52.5200066, 13.4049540"),
    ("phone numbers of an office", "-1100 / -1200 / -1300 / -1400"),
    ("years", "1999 2000 2001 2002"),
    ("half an IBAN", "DE88 3704 0044"),
    ("IBAN with wrong check digits", "DE88 3704 0044 0532 0130 00"),
    ("words like an IBAN", "AB12 LONG WORD TEXT HERE"),
    ("VAT number", "DE 123456789"),
    ("BIC", "COBADEFFXXX"),
    ("licence plate", "B-AD 1234"),
    ("at signs", "5 kg @ 3 Euro, @ada, a@b"),
    ("handle in an address", "https://social.example/@ada/110"),
    ("package with version", "react@18.2.0"),
    ("a picture for dense screens", "logo@2x.png"),
    ("media query", "@media (min-width: 40em)"),
    ("eyJ", "eyJ is how tokens begin"),
    ("compass", "compass, passage, password"),
    ("nine digits", "078051120"),
    ("score", "12-10-2026"),
    ("fractions", "\u00bd kg, x\u00b2, \u2160 to \u2163, \ufb01ne"),
    ("full-width words", "\uff21\uff22\uff23 \uff11\uff12\uff13"),
]


def put_buttons(site, texts):
    return site.put("".join(f"<button>{text.replace('<', '&lt;')}</button>" for text in texts))


def said(visit, site, texts):
    """What the snippet says of buttons with these texts, in order."""
    visit.goto(put_buttons(site, texts))
    visit.run("document.querySelectorAll('button').forEach(button => button.click())")
    return [click["text"] for click in visit.events("click", len(texts))]


def test_the_table_is_sound():
    """Its numbers have the check digits that they claim; every sample has a name of its own."""
    assert [name for name, card in CARDS.items() if not has_luhn_digit(card)] == []
    assert [iban for iban in IBANS if not has_check_digits(iban)] == []
    names = [name for name, *_ in [*MASKED, *KEPT]]
    assert len(names) == len(set(names)) >= 150
    lucky = [text for name, text in KEPT if "Luhn" in name]
    assert [has_luhn_digit(text) for text in lucky] == [True, True]


def test_masks(visit, site):
    """Numbers of cards, accounts and people, addresses and tokens are masked; what only looks alike stays."""
    cases = [*MASKED, *((name, text, text) for name, text in KEPT)]
    got = said(visit, site, [text for _, text, _ in cases])
    wrong = {name: text for (name, _, want), text in zip(cases, got, strict=True) if text != want}
    assert wrong == {}
    raw = "".join(request.raw for request in site.requests)
    assert [text for _, text, _ in MASKED if text in raw] == []


def test_masks_in_attributes(visit, site):
    """The same samples as an attribute's value: withheld, or kept as they are; `data-*` are kept without being listed."""
    cases = [*((name, text, None) for name, text, _ in MASKED), *((name, text, text) for name, text in KEPT)]
    visit.goto(site.put(""))
    visit.page.evaluate(
        """texts => { for (const text of texts) { const b = document.createElement('button'); b.dataset.whatever = text; document.body.append(b); b.click(); b.remove() } }""",
        [text for _, text, _ in cases],
    )
    got = [site.chain(click)[0]["attrs"]["data-whatever"] for click in visit.events("click", len(cases))]
    assert {name: value for (name, _, want), value in zip(cases, got, strict=True) if value != want} == {}


SAMPLES = ["4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00", "078-05-1120", "ada.lovelace@example.com"]


@pytest.mark.parametrize("sample", SAMPLES)
def test_no_cut_goes_through_what_is_masked(visit, site, sample):
    """Wherever the limit of a text, a name, a title or an address falls, no part of a number or an address is left over."""
    part = sample[: len(sample) // 2]
    starts = range(255 - len(sample), 256)
    visit.goto(site.put("<button></button><a onclick='return false'>Go</a>"))
    visit.page.evaluate(
        """([sample, starts]) => { const [b, a] = document.querySelectorAll('button, a'); for (const start of starts) {
          const long = 'x '.repeat(2000);
          b.textContent = document.title = long.slice(0, start) + ' ' + sample; b.setAttribute('aria-label', b.textContent); b.click();
          a.setAttribute('href', 'https://a.example/?' + 'x'.repeat(start + 1770) + '=' + sample); a.click() } }""",
        [sample, list(starts)],
    )
    visit.events("click", 2 * len(starts))
    raw = "".join(request.raw for request in site.requests)
    assert part not in raw
    assert part.replace(" ", "%20") not in raw


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
