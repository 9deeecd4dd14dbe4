// A table of texts, and what stands under it.

import { h } from "../element";
import type { Table } from "./answered";

export function tableOf({ title, header, rows, left, notes }: Table): HTMLElement {
  const side = (at: number): Record<string, unknown> => ({ class: left.includes(at) ? "left" : undefined });
  return h(
    "figure",
    { class: "table" },
    title && h("figcaption", {}, title),
    rows.length > 0 &&
      h(
        "div",
        { class: "scroll", tabindex: 0, role: "region", "aria-label": title || "Table" },
        h(
          "table",
          {},
          h("thead", {}, h("tr", {}, header.map((name, at) => (name ? h("th", { scope: "col", ...side(at) }, name) : h("td"))))),
          h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell, at) => h(at === 0 ? "th" : "td", at === 0 ? { scope: "row", ...side(at), dir: "auto" } : side(at), cell))))),
        ),
      ),
    notes.filter((each) => !each.startsWith("Warning: ")).map((each) => h("p", { class: "footnote" }, each)),
  );
}
