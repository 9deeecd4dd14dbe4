// Asks for a key.

import type { Trouble } from "./api";
import { fill, h } from "./element";
import { sign } from "./icons";
import { isKey } from "./key";
import { failure, newId } from "./parts";

/** Asks until something that can be a key is given. */
export function showDoor(host: HTMLElement, why: Trouble | undefined, opened: (key: string, onDevice: boolean) => void): void {
  document.title = "Backsight";
  const id = newId();
  const wrong = h("p", { class: "wrong", id: `${id}-wrong`, role: "alert" });
  const input = h("input", {
    id, type: "password", placeholder: "sk_…", autocomplete: "off", spellcheck: "false", required: true, "aria-describedby": `${id}-wrong`,
  });
  const kept = h("input", { type: "checkbox", id: `${id}-kept` });
  const submitted = (event: Event): void => {
    event.preventDefault();
    const key = input.value.trim();
    if (isKey(key)) return opened(key, kept.checked);
    fill(wrong, key.startsWith("wk_") ? "That is a write key: it can only send. A secret key begins with sk_." : "A secret key begins with sk_.");
    input.setAttribute("aria-invalid", "true");
    input.focus();
  };
  fill(
    host,
    h(
      "main",
      { class: "middle door" },
      h("h1", {}, sign(), "Backsight"),
      h("p", { class: "lead" }, "What is captured on your site, live; what has a name; and reports drawn from it."),
      why && failure(why),
      h(
        "form",
        { class: "card", onsubmit: submitted },
        h("div", { class: "field" }, h("label", { for: id }, "Secret key"), input, wrong),
        h("div", { class: "check" }, kept, h("label", { for: `${id}-kept` }, "Keep it on this device")),
        h("button", { class: "button strong", type: "submit" }, "Open"),
        h("small", {}, "Otherwise it is forgotten with this tab. It is sent to this server only."),
      ),
      h(
        "details",
        { class: "card quiet" },
        h("summary", {}, "Where do I get a key?"),
        h("p", {}, "Where the server runs, this opens the page with a key for half a day:"),
        h("pre", { tabindex: 0 }, "backsight page --open"),
        h("p", {}, "and this makes one that lasts:"),
        h("pre", { tabindex: 0 }, "backsight keys create --scope read"),
        h("p", {}, h("code", {}, "read"), " is enough to look; ", h("code", {}, "define"), " saves reports, too."),
      ),
    ),
  );
  input.focus();
}
