// What the core offers, on `window.backsight`, to the parts that are loaded after it, and what they add. Names without
// `_`: bundles are shortened apart.

import type { Effects } from "./watch";

interface Core {
  /** The script's folder. */
  base: string;

  /** Captures one event of an element, or of the page instance, with all privacy rules. */
  record(type: string, element: Element | null, facts: object): void;
  /** Counts something that was lost. */
  lose(cause: string): void;
  /** Sends a batch that an earlier page stored under this key. */
  restore(key: string, body: string): void;
  /** Called before a page instance ends. */
  leaving?: () => void;
  /** effects.js's: watches a click. */
  watch?: (click: Event) => Effects;
  /** Takes uncaught errors: a list that waits for effects.js, then that itself. */
  errors: { push(event: Event): unknown };
  /** Takes what has the focus: a set that waits for effects.js, then that itself. */
  focused: { add(target: Element): unknown };
}

export const core = (window as unknown as { backsight: Core }).backsight;

/** What `action` records still belongs to the page instance that ends. */
export function onLeaving(action: () => void): void {
  const before = core.leaving;
  core.leaving = () => {
    before?.();
    action();
  };
}
