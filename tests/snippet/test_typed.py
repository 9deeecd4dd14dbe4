"""Nothing that someone typed, chose, pasted or let the browser fill in ever leaves the page."""

# ruff: noqa: E501  (pages and scripts stand in whole lines)

from __future__ import annotations

import json

import pytest

SCRIPT = '<script async src="/backsight.js" data-key="wk_test" data-expose data-vitals></script>'
SECRET = "Hunter2Lovelace"

# Each kind of control, and what is put into it. A value of the kind's own form is told from the rest by its digits.
KINDS = {
    "text": SECRET,
    "search": SECRET,
    "tel": "+49 170 7364528",
    "url": f"https://{SECRET.lower()}.example/",
    "email": f"{SECRET.lower()}@example.com",
    "password": SECRET,
    "number": "736452819",
    "date": "1987-06-25",
    "time": "07:36:45",
    "month": "1987-06",
    "week": "1987-W26",
    "datetime-local": "1987-06-25T07:36",
    "color": "#7364a5",
    "range": "73645",
    "hidden": SECRET,
}


def controls():
    """One of each kind, named, labelled and marked, so that all that can be said of them is said."""
    marks = "data-backsight-expose data-testid"
    fields = "".join(
        f"<label>{kind} of yours <input type={kind} name={kind} {marks}={kind} max=99999999 list=known></label>"
        for kind in KINDS
    )
    return f"""<form novalidate onsubmit="return false">{fields}<datalist id=known><option value="{SECRET}list">{SECRET}list</option></datalist>
      <textarea {marks}=area aria-label=Note></textarea>
      <select {marks}=choice aria-label=Choice><option>first</option><option value="{SECRET}">{SECRET} two</option></select>
      <select {marks}=many multiple size=3 aria-label=Many><option>one</option><option id=option>{SECRET} many</option></select>
      <input type=checkbox value="{SECRET}check" {marks}=check aria-label=Check><input type=radio name=r value="{SECRET}radio" {marks}=radio aria-label=Radio>
      <div contenteditable {marks}=rich aria-label=Rich></div><div role=textbox contenteditable=plaintext-only tabindex=0 {marks}=plain aria-label=Plain></div>
      <x-field {marks}=component aria-label=Component></x-field><output {marks}=output></output><button id=send>Send</button></form>
      <script>customElements.define('x-field', class extends HTMLElement {{ static formAssociated = true;
        constructor() {{ super(); this.inside = this.attachInternals(); this.attachShadow({{mode: 'open', delegatesFocus: true}}).innerHTML = '<input aria-label=Inner><textarea></textarea>';
          this.shadowRoot.addEventListener('input', event => {{ this.inside.setFormValue(event.target.value); this.inside.ariaLabel = 'x' }}) }} }})</script>"""


def fill(page):
    """As a person does: keys where keys are taken, else as the browser's own pickers do it."""
    for kind, value in KINDS.items():
        if kind == "hidden":
            page.eval_on_selector("[name=hidden]", "(element, value) => { element.value = value }", value)
        elif kind in {"color", "range"}:
            page.eval_on_selector(
                f"[name={kind}]",
                "(element, value) => { element.focus(); element.value = value; for (const type of ['input', 'change']) element.dispatchEvent(new Event(type, {bubbles: true})) }",
                value,
            )
        elif kind in {"text", "search", "tel", "url", "email", "password", "number"}:
            page.click(f"[name={kind}]")
            page.keyboard.type(value)
        else:
            page.fill(f"[name={kind}]", value)
    for selector in (
        "textarea[data-testid]",
        "[data-testid=rich]",
        "[data-testid=plain]",
        "x-field input",
        "x-field textarea",
    ):
        page.click(selector)
        page.keyboard.type(SECRET)
    page.select_option("[data-testid=choice]", SECRET)
    page.click("#option")
    page.check("[data-testid=check]")
    page.check("[data-testid=radio]")


def raw(site):
    return "".join(request.raw for request in site.requests)


def leaks(site):
    """What of the typed values stands in any request, spelled as it was or escaped."""
    said = raw(site).lower()
    typed = [SECRET.lower(), "7364528", "736452819", "1987-06", "1987-w26", "07:36", "#7364a5", '"73645"']
    return [value for value in typed if value in said or json.dumps(value)[1:-1] in said]


def test_no_kind_of_control_tells_its_value(visit, site):
    """Clicks, changes, focus, copies, exposures and submits of every control: which one, never what is in it."""
    visit.goto(site.put(controls(), head=SCRIPT))
    visit.page.wait_for_function("() => !!backsight.leaving")
    fill(visit.page)
    for selector in ("[name=text]", "[name=email]", "textarea[data-testid]", "[data-testid=rich]"):
        visit.page.click(selector)
        visit.page.keyboard.press("Control+a")
        visit.page.keyboard.press("Control+c")
    visit.page.click("#send")
    visit.run("history.pushState(null, '', '/b')")
    visit.events("leave")
    told = {(e["type"], site.chain(e)[0]["attrs"].get("data-testid")) for e in site.events() if "node" in e}
    typed = set(KINDS) - {"hidden", "password"}
    assert {kind for kind in typed if ("change", kind) not in told} == set()
    assert {kind for kind in typed if ("focus", kind) not in told} == set()
    assert {
        ("copy", "text"),
        ("copy", "area"),
        ("expose", "text"),
        ("change", "choice"),
        ("change", "many"),
    } <= told
    assert "password" in {site.chain(e)[0]["attrs"].get("type") for e in site.events("change")}
    assert site.events("submit")
    assert leaks(site) == []


def test_what_the_browser_fills_in_stays(visit, site):
    """Values that stand in the page's source or that scripts and browsers put in are nobody's business either."""
    visit.goto(
        site.put(
            f"""<form autocomplete=on><input name=given value="{SECRET}" data-testid=given><textarea data-testid=area>{SECRET}</textarea>
          <select data-testid=choice><option selected>{SECRET}</option></select><div contenteditable data-testid=rich>{SECRET}</div>
          <input type=image alt=Go value="{SECRET}"><meter value=0.7364 data-testid=meter></meter><progress value=0.7364 data-testid=bar></progress></form>""",
            head=SCRIPT,
        )
    )
    visit.run(
        """document.querySelectorAll('[data-testid]').forEach(element => { element.click(); for (const type of ['input', 'change']) element.dispatchEvent(new Event(type, {bubbles: true})) })"""
    )
    assert len(visit.events("click", 6)) == 6
    assert SECRET not in raw(site)
    assert "0.7364" not in raw(site)


@pytest.mark.parametrize(
    "around",
    [
        "<label>Name {}</label>",
        "<a href=# onclick='return false'>Edit {}</a>",
        "<div role=button tabindex=0>Row {}</div>",
        "<p id=by>{}</p><button aria-labelledby=by>Save</button>",
        "<fieldset><legend>{}</legend></fieldset>",
        "<button>Save <span>{}</span></button>",
        "<table tabindex=0><tr><td>{}</td></tr></table>",
        "<x-box tabindex=0>{}</x-box><script>document.querySelector('x-box').attachShadow({{mode: 'open'}}).innerHTML = '<b><slot></slot></b>'</script>",
        "<svg width=300 height=100 tabindex=0><foreignObject width=300 height=100>{}</foreignObject></svg>",
    ],
)
@pytest.mark.parametrize(
    "control",
    [
        "<textarea>{}</textarea>",
        "<div contenteditable>{}</div>",
        "<span role=textbox>{}</span>",
        "<select><option>{}</option></select>",
        "<input value='{}'>",
        "<b contenteditable=''><i>{}</i></b>",
        "<b contenteditable=plaintext-only>{}</b>",
    ],
)
def test_what_is_around_a_control_does_not_tell_its_value(visit, site, around, control):
    """Labels, links, rows and names are read without what people wrote inside of them."""
    visit.goto(site.put(around.format(control.format(SECRET))))
    visit.run(
        "document.querySelectorAll('body *').forEach(element => element.dispatchEvent(new MouseEvent('click', {bubbles: true, composed: true})))"
    )
    visit.events("click", 2)
    assert SECRET not in raw(site)


def test_a_document_in_design_mode(visit, site):
    """Where the whole document is editable, all of it is what people write: nothing is captured, until it is a page again."""
    visit.goto(site.put(f"<div>Dear {SECRET} <b>bold {SECRET}</b></div>"))
    visit.run("document.designMode = 'on'; document.querySelector('b').click()")
    visit.run("document.designMode = 'off'; document.body.innerHTML = '<p>Text</p>'")
    visit.click("p")
    assert [e["text"] for e in visit.events("click")] == ["Text"]
    assert SECRET not in raw(site)


def test_errors_are_masked_as_texts_are(visit, site):
    """A message of the page's own code may quote what it was given: personal data of known form is masked, the rest is the page's."""
    visit.goto(site.put("<p>Text</p>"))
    visit.run(
        "void setTimeout(() => { throw Error('no such account: ada@example.com, 4111 1111 1111 1111') })"
    )
    visit.page.wait_for_function("() => new Promise(done => setTimeout(() => done(true)))")
    error = visit.events("error")[0]
    assert error["props"]["message"].endswith("no such account: [email], [card]")
    visit.errors.clear()


def test_a_copy_tells_where_and_not_what(visit, site):
    """The copied text is never read; it may have been typed, or selected across elements."""
    visit.goto(site.put(f"<p id=code>Code</p><input value='{SECRET}'>"))
    visit.page.click("input")
    visit.page.keyboard.press("Control+a")
    visit.page.keyboard.press("Control+c")
    copy = visit.events("copy")[0]
    assert site.chain(copy)[0]["tag"] == "input"
    assert SECRET not in raw(site)


@pytest.mark.parametrize("mark", ["data-backsight-ignore", "data-backsight-redact"])
def test_marks_are_inherited_through_slots_and_shadow_trees(visit, site, mark):
    """What is drawn inside a marked element is treated as it, however deep; the same elements outside are not."""
    visit.goto(
        site.put(
            f"""<x-outer><b id=slotted title=Ada>Ada</b></x-outer><div {mark}><x-inner></x-inner></div><x-inner id=free></x-inner><script>
      customElements.define('x-inner', class extends HTMLElement {{ constructor() {{ super(); this.attachShadow({{mode: 'open'}}); const name = this.closest('div') ? 'Bob' : 'Free'; this.shadowRoot.innerHTML = `<i title=${{name}}>${{name}}</i>` }} }});
      customElements.define('x-outer', class extends HTMLElement {{ constructor() {{ super(); this.attachShadow({{mode: 'open'}}).innerHTML = '<p {mark}><x-slot><slot></slot></x-slot></p>' }} }});
      customElements.define('x-slot', class extends HTMLElement {{ constructor() {{ super(); this.attachShadow({{mode: 'open'}}).innerHTML = '<u><slot></slot></u>' }} }});
    </script>""",
            head=SCRIPT,
        )
    )
    visit.run(
        "document.querySelector('#slotted').click(); for (const inner of document.querySelectorAll('x-inner')) inner.shadowRoot.querySelector('i').click()"
    )
    clicks = visit.events("click", 1 if "ignore" in mark else 3)
    assert [e["text"] for e in clicks if "text" in e] == ["Free"]
    assert "Ada" not in raw(site)
    assert "Bob" not in raw(site)
