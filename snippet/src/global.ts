// `window.backsight`: the stub's object or a new one, filled by main.ts.

import type { Effects } from "./watch";

export type Call = (...given: unknown[]) => void;

interface Extras {
  /** Calls made before the script had loaded. */
  q?: [string, unknown[]][];
  /** The folder of the script, with a slash at its end. */
  base?: string;
  /** Set while nothing that happens in the DOM is to be captured: the definer holds clicks. */
  paused?: boolean;
  /** The definer's. */
  token?: string;
  /** What frames share. */
  shared?: { state?: object; denied?: boolean };
  /** Watches a click, once effects.js is there. */
  watch?: (click: Event) => Effects;
  /** Uncaught errors: a list that waits for effects.js, then that itself. */
  errors?: { length?: number; push(event: Event): unknown; pop?(): unknown };
  /** Takes what has the focus: a set that waits for effects.js, then that itself. */
  focused?: { add(target: Element): unknown };
  /** Called before a page instance ends: what is recorded then still belongs to it. */
  leaving?: () => void;
}

/** Without a stub, the name may stand for an element with that id: https://html.spec.whatwg.org/#named-access-on-the-window-object */
const stub = Object.getOwnPropertyDescriptor(window, "backsight")?.value as (Record<string, Call | undefined> & Extras) | undefined;

export const global = ((window as { backsight?: typeof stub }).backsight = stub ?? {});
