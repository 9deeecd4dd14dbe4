// A link to one saved report, for those who have no key.

import { asTrouble, inPath } from "../api";
import type { App } from "../app";
import { fill, h } from "../element";
import { day } from "../figures";
import { choice, copier, failure, field } from "../parts";

const DAYS = [["7", "7 days"], ["30", "30 days"], ["90", "90 days"], ["365", "a year"]] as const;

export function sharing(app: App, name: string): HTMLElement {
  let days = "30";
  const said = h("div", { "aria-live": "polite" });
  const made = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      const { url, expires } = await app.api.post<{ url: string; expires: string }>(`saved/${inPath(name)}/links`, { days: Number(days) });
      const shown = h("input", { type: "url", readonly: true, value: url, "aria-label": "The link" });
      fill(said, h("div", { class: "link" }, shown, copier(url, "Copy")), h("small", {}, `It opens this one report, always as it is then, until ${day(expires)}.`));
      shown.select();
    } catch (error) {
      fill(said, failure(asTrouble(error)));
    }
  };
  return h(
    "form",
    { class: "card sharing", onsubmit: made },
    h("h2", {}, "Share this report"),
    h("p", {}, "Whoever has the link sees this report and nothing else of the site. No key is needed."),
    h("div", { class: "line" }, field("The link works for", choice(DAYS, days, (chosen) => (days = chosen))), h("button", { type: "submit", class: "button strong" }, "Make a link")),
    said,
  );
}
