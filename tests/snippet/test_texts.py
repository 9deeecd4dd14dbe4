"""Texts and accessible names."""

# ruff: noqa: E501  (pages and scripts stand in whole lines)

from __future__ import annotations

import pytest

BUTTONS = [
    ("<button><div>Save</div><div>all</div></button>", "Save all", "Save all"),
    ("<button>S<b>av</b>e<br>now</button>", "Save now", "Save now"),
    ("<button>  Save \n\t all  </button>", "Save all", "Save all"),
    ('<button aria-label="Close dialog">×</button>', "×", "Close dialog"),
    ('<b id=n>Basket</b><b id=m aria-label="of Ada">x</b><button aria-labelledby="n gone m" aria-label=No>+</button>', "+", "Basket of Ada"),
    ('<button><img alt="Search" src="data:,"></button>', "", "Search"),
    ("<button><svg><title>Menu</title><path/></svg></button>", "", "Menu"),
    ('<button><i aria-hidden="true">★</i> Rate</button>', "★ Rate", "Rate"),
    ("<button>Buy <span hidden>secret</span><script>1</script><style>i{}</style><template>t</template></button>", "Buy", "Buy"),
    ('<button title="Help"></button>', "", "Help"),
    ('<input type=submit value="Join now">', "Join now", "Join now"),
    ('<input type=text value="typed" placeholder="Your name">', "", "Your name"),
    ('<input type=image alt="Go" src="data:,">', "", "Go"),
    ('<label>Size <select id=t><option>Large</select></label>', "", "Size"),
    ('<textarea id=t aria-label="Note">typed</textarea>', "", "Note"),
    ('<div contenteditable aria-label="Editor">typed</div>', "", "Editor"),
    ('<div role=textbox aria-label="Editor">typed</div>', "", "Editor"),
    ('<a href="#" onclick="return false">Go <em>there</em></a>', "Go there", "Go there"),
    ("<div role=tab>Prices</div>", "Prices", "Prices"),
    ("<div tabindex=0>Card</div>", "Card", "Card"),
    ("<details><summary>More</summary>inside</details>", "More", "More"),
    ("<p>Just text</p>", "Just text", ""),
    ('<h2 title="Tip">Head</h2>', "Head", "Tip"),
    (f"<button>{'é' * 300}</button>", "é" * 255, "é" * 255),
    (f"<button>{'x' * 254}😀</button>", "x" * 254, "x" * 254),
    ("<button>a \ud800 b</button>".encode("utf-16", "surrogatepass").decode("utf-16", "replace"), "a � b", "a � b"),
]  # fmt: skip

TARGET = "body > :not(b):not(label):not(details), label > select, summary"


@pytest.mark.parametrize(("html", "text", "label"), BUTTONS, ids=[html[:48] for html, *_ in BUTTONS])
def test_text_and_name_of_an_element(visit, site, html, text, label):
    """The text is what is drawn, the name what is read aloud; neither is what people typed or chose."""
    visit.goto(site.put(html))
    visit.page.dispatch_event(TARGET, "click")
    click = visit.events("click")[0]
    assert (click["text"], click["label"]) == (text, label)


def test_texts_of_the_target_are_told_apart(visit, site):
    """Where the target is not what was meant, both are described; a dialog that scripts may focus was not meant."""
    visit.goto(
        site.put(
            '<div tabindex=-1>Dialog <a href=# onclick="return false">Read <b title=Tip>more</b></a><i>x</i></div>'
        )
    )
    visit.click("b")
    visit.click("i")
    first, second = visit.events("click", 2)
    assert (first["text"], first["target_text"], first["target_label"]) == ("Read more", "more", "Tip")
    assert (second["text"], "target_text" in second) == ("x", False)


def test_halves_of_characters_never_leave(visit, site):
    """Lone surrogates, which no decoder takes, are left out wherever they stand; backslashes stay."""
    visit.goto(site.put("<button>x</button>"))
    visit.run(r"""document.querySelector('button').textContent = 'a\ud800b \\ud800';
      document.querySelector('button').setAttribute('data-x', 'c\udfffd');
      document.querySelector('button').click(); backsight.track('t\ud83d', {'k\ud800': '\udc00v', e: '😀'})""")
    click = visit.events("click")[0]
    assert click["text"] == "ab \\ud800"
    assert site.chain(click)[0]["attrs"] == {"data-x": "cd"}
    track = visit.events("track")[0]
    assert (track["name"], track["props"]) == ("t", {"k": "v", "e": "😀"})


def test_a_huge_element_is_read_only_as_far_as_needed(visit, site):
    """A click on a page of ten thousand rows costs no reading of them all."""
    visit.goto(site.put("<main>" + "<p>row <b>x</b></p>" * 10_000 + "</main>"))
    visit.page.dispatch_event("main", "click")
    click = visit.events("click")[0]
    assert click["text"] == ("row x " * 50)[:255].strip()
