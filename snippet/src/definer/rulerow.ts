// One rule of a name: its selector, which can be changed, and what it asks besides.

import { attempt } from "../attempt";
import type { Rule } from "./answers";
import { foundBy, within } from "./finding";
import { h, set } from "./markup";
import { button } from "./parts";
import { onPage, ruleWords } from "./words";

/** `changed` is told every selector that is typed, undefined where it is none. `removed` is offered where another rule is left. */
export function ruleRow(rule: Rule, changed: (css: string | undefined) => void, removed: () => void, isOneOfMany: boolean): HTMLElement {
  const here = h("span", { class: "here" }, onPage(foundBy(rule).length));

  function typed(_: Event, element: HTMLElement): void {
    const css = (element as HTMLInputElement).value.trim();
    const isGood = !!css && !!attempt(() => within(document, css));
    set(element, { "aria-invalid": String(!isGood) });
    here.textContent = isGood ? onPage(foundBy({ ...rule, css }).length) : "not a selector";
    changed(isGood ? css : undefined);
  }

  const css = rule.css !== undefined && h("input", { class: "css", "aria-label": "Selector", spellcheck: "false", on: { input: typed } });
  if (css) css.value = rule.css!;
  return h("div", { class: "rule" }, h("div", { class: "head" }, h("span", {}, ruleWords(rule)), here), css,
    isOneOfMany && button("Remove this rule", removed, "quiet"));
}
