// What the definer's screens share: the API, the names, and the way from one screen to another.

import type { Api } from "./api";
import type { Named, Permission, Rule } from "./answers";
import type { Names } from "./names";

export interface Desk {
  readonly api: Api;
  readonly names: Names;
  readonly site: Permission;
  /** Tells screen readers. */
  say(words: string): void;
  /** Shows the names, or one of them. */
  open(name?: Named): void;
  /** Shows what is held; an element is held first, if one is given. */
  point(element?: Element): void;
  /** Names a rule, whose element need not be on this page. */
  define(rule: Rule, words: string, name: string, stability: number): void;
}

/** One of the panel's screens. */
export interface Screen {
  readonly element: HTMLElement;
  /** It is shown from now on, or no longer. */
  shown?(): void;
  hidden?(): void;
}
