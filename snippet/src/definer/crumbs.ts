// The way from the page to the element that is held, and on to what is inside: each step can be taken.

import { lineage } from "../dom";
import { childOf } from "./finding";
import { host } from "./host";
import { fill, h, looking } from "./markup";
import { rove, roving } from "./roving";
import { crumbOf, describeShort } from "./words";

export interface Crumbs {
  readonly element: HTMLElement;
  /** From an element outwards; `chosen` is one of them. */
  show(path: Element[], chosen: Element): void;
}

/** `chosen` is called with where one goes, `looked` with what one looks at on the way (null: no more). */
export function crumbs(chosen: (element: Element) => void, looked: (element: Element | null) => void): Crumbs {
  let path: Element[] = [];
  let buttons: HTMLElement[] = [];
  const element = h("div", {
    class: "crumbs",
    role: "toolbar",
    "aria-label": "The element and what surrounds it; arrows go to its parent and its child",
    on: { keydown: roving(() => buttons, (index) => take(path[index]!)) },
  });

  /** Past the last crumb there is the first child. */
  function show(inwards: Element[], held: Element): void {
    const last = inwards[0]!;
    const child = last === held ? childOf(last) : undefined;
    path = (child && child !== host ? lineage(child) : inwards).slice().reverse();
    buttons = path.map((each) => crumb(each, each === held));
    rove(buttons, path.indexOf(held));
    fill(element, ...buttons.flatMap((each, i) => [i > 0 && h("span", { class: "step", "aria-hidden": "true" }, "›"), each]));
    buttons[path.indexOf(held)]?.scrollIntoView({ block: "nearest", inline: "center" });
  }

  const crumb = (each: Element, isHeld: boolean): HTMLElement =>
    looking(
      h("button", { class: "crumb", "aria-pressed": String(isHeld), title: describeShort(each), on: () => take(each) }, crumbOf(each)),
      (isLooking) => looked(isLooking && !isHeld ? each : null),
    );

  function take(to: Element): void {
    looked(null);
    chosen(to);
  }

  return { element, show };
}
