// A name that fell silent, the rule that finds what took its place, and what accepting it would do.

import { Problem } from "./api";
import type { Named } from "./answers";
import type { Desk } from "./desk";
import { fill, h } from "./markup";
import { pathOf } from "./names";
import { button, note, trouble } from "./parts";
import { amount, day, figure } from "./words";

export function repairing(desk: Desk, { name, description, repair }: Named, etag: string | null, saved: (named: Named, etag: string | null) => void): HTMLElement | null {
  if (!repair) return null;
  const problem = h("div");

  async function accept(): Promise<void> {
    try {
      const body = { rules: repair!.rules, description };
      const { answer, etag: next } = await desk.api.ask<Named>("PUT", pathOf(name), { body, headers: { "if-match": etag ?? "*" } });
      saved({ ...answer, repair: null }, next);
    } catch (error) {
      fill(problem, trouble(error as Problem));
    }
  }

  return note("repair", h("h3", {}, `Silent since ${day(repair.silent_since)}; it can be repaired`), h("p", {}, repair.words), repair.rule.css ? h("code", { class: "css" }, repair.rule.css) : null,
    h("p", { class: "counts" }, `${figure(repair.before.events)} → `, h("b", {}, figure(repair.after.events)), " events"),
    h("p", { class: "muted" }, `Found since then: ${amount(repair.found)}.`),
    repair.why.length > 0 && h("ul", {}, ...repair.why.map((why) => h("li", {}, why))),
    h("div", { class: "buttons" }, button("Accept the repair", () => void accept(), "strong")), problem);
}
