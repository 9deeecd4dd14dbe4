// The small card that is all of the definer while its link is checked, and when the link is no good.

import { h, type Child } from "./markup";
import { mark } from "./panel";
import { button, copyable } from "./parts";

export function notice(close: () => void, ...children: Child[]): HTMLElement {
  return h("aside", { class: "panel notice", role: "region", "aria-label": "Backsight definer", lang: "en" },
    h("header", {}, h("span", { class: "brand" }, mark(), "Backsight")),
    h("div", { class: "body" }, h("div", { role: "alert" }, ...children), h("div", { class: "buttons" }, button("Close", close, "quiet"))));
}

/** How to get a link that works. */
export const newLink = (reason: string): Child[] => [
  h("h2", {}, "This definer link is no longer good"),
  h("p", {}, reason),
  h("p", { class: "muted" }, "A link lasts for an hour and for one site. Get a new one where Backsight runs:"),
  copyable(`backsight define ${location.origin}${location.pathname}`),
];
