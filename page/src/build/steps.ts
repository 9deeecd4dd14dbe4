// The steps of a funnel: chosen by name, put in order, taken away.

import { h } from "../element";
import { button } from "../parts";
import { labelOf } from "../reports/report";
import { combobox, type Option } from "./combobox";

/** The list of steps and a field for another; `changed` gets the steps as they are then, and what to focus. */
export function stepsEditor(steps: unknown[], options: () => Option<unknown>[], changed: (steps: unknown[], focus: string) => void): HTMLElement {
  const moved = (at: number, by: number): void => {
    const next = [...steps];
    next.splice(at + by, 0, ...next.splice(at, 1));
    changed(next, `${by < 0 ? "up" : "down"}-${at + by}`);
  };
  const row = (step: unknown, at: number): HTMLElement => {
    const name = labelOf(step);
    const up = button(`Move ${name} up`, "up", () => moved(at, -1), "", true);
    const down = button(`Move ${name} down`, "down", () => moved(at, 1), "", true);
    const off = button(`Remove ${name}`, "remove", () => changed(steps.filter((_, each) => each !== at), "add"), "", true);
    up.disabled = at === 0;
    down.disabled = at === steps.length - 1;
    up.dataset.focus = `up-${at}`;
    down.dataset.focus = `down-${at}`;
    return h("li", {}, h("span", { class: "number", "aria-hidden": "true" }, at + 1), h("span", { class: "step", dir: "auto" }, name, special(step)), up, down, off);
  };
  const next = combobox(`Step ${steps.length + 1}`, options, (step) => changed([...steps, step], "add"), { placeholder: steps.length ? "Add a step…" : "First step: type a name…" });
  next.input.dataset.focus = "add";
  return h("div", { class: "steps" }, steps.length > 0 && h("ol", {}, steps.map(row)), steps.length < 20 && next.element);
}

/** What a step says beside its name, which is kept as it is. */
function special(step: unknown): HTMLElement | null {
  if (typeof step !== "object" || step === null || !("where" in step || "optional" in step || "first_ever" in step)) return null;
  return h("small", { class: "soft" }, " with conditions");
}
