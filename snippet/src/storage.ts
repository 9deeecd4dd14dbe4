// localStorage that may be denied (sandboxed frames, blocked site data: the getter itself throws) or full: reading
// then finds nothing, and writing answers false.

import { attempt } from "./attempt";

export const read = (key: string): string | undefined => attempt(() => localStorage[key]);

export const write = (key: string, value: string): boolean => attempt(() => (localStorage[key] = value)) === value;

export const remove = (key: string): unknown => attempt(() => delete localStorage[key]);

/** The stored keys that begin with `prefix`, sorted. */
export const keys = (prefix: string): string[] =>
  (attempt(() => Object.keys(localStorage)) ?? []).filter((key) => key.startsWith(prefix)).sort();
