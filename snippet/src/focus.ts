// The first focus of each form control in a page instance: who goes no further has left the form.

import { core, onLeaving } from "./core";
import { matches } from "./dom";
import { EDITABLE } from "./privacy";
import { BUTTON } from "./texts";

/** Form controls that had the focus. */
let focused = new WeakSet<Element>();

function add(target: Element): void {
  if (focused.has(target) || !matches(target, `input,${EDITABLE}`) || matches(target, BUTTON)) return;
  focused.add(target);
  core.record("focus", target, {});
}

/** Tells of what had the focus before this part, and of all that follows. */
export function tellFocus(): void {
  const kept = core.focused as Set<Element>;
  onLeaving(() => (focused = new WeakSet()));
  core.focused = { add };
  kept.forEach(add);
}
