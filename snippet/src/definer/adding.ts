// Adds the chosen rule to a name that is being changed, once it is seen what that adds.

import type { Rule } from "./answers";
import type { Desk } from "./desk";
import { difference } from "./difference";
import { h } from "./markup";
import { button } from "./parts";
import { keep, type Draft } from "./view";
import { quoted } from "./words";

export function adding(desk: Desk, rule: () => Rule | undefined, draft: Draft): { element: HTMLElement } {
  const shown = difference(desk);
  const press = button(`Add to ${quoted(draft.name)}`, add, "strong");
  const look = button("See what it adds", () => {
    const chosen = rule();
    if (chosen) void shown.show([...draft.rules, chosen], draft.rules);
  });

  function add(): void {
    const chosen = rule();
    if (!chosen) return;
    keep({ draft: { ...draft, rules: [...draft.rules, chosen], pointing: false } });
    desk.open(desk.names.get(draft.name));
  }

  return { element: h("div", { class: "saving" }, h("div", { class: "buttons" }, press, look), shown.element) };
}
