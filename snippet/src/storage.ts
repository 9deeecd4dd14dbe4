// localStorage that may be denied (sandboxed frames, blocked site data: the getter itself throws) or full: reading
// then finds nothing, and writing answers false.

import { attempt } from "./attempt";

export const read = (key: string): string | undefined => attempt(() => localStorage.getItem(key)) ?? undefined;

export const write = (key: string, value: string): boolean => attempt(() => (localStorage.setItem(key, value), true)) ?? false;

export const remove = (key: string): void => attempt(() => localStorage.removeItem(key));

/** The stored keys that begin with `prefix`, sorted. */
export const keys = (prefix: string): string[] =>
  (attempt(() => Object.keys(localStorage)) ?? []).filter((key) => key.startsWith(prefix)).sort();
