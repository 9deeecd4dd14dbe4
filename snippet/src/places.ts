// Where an element stands among its siblings. Counted once for all of them, and kept until one of the parents that
// were counted changes its children: clicks on fifty thousand rows must not each count fifty thousand rows.

import { childrenOf, isElement, nameOf, namespaceOf, parentOf } from "./dom";

/** Index among all, number of all, index among its type, and its type's elements so far. */
type Place = [number, number, number, { _count: number }];

let known = new WeakMap<Element, Place>();

function forget(): void {
  known = new WeakMap();
  changes.disconnect();
}

const changes = new MutationObserver(forget);

/** Places from 1: among all, from the end, among its type, among its type from the end. */
export function placesOf(element: Element): number[] {
  if (changes.takeRecords()[0]) forget();
  const parent = parentOf(element);
  if (parent && !known.has(element)) count(parent);
  const [index, all, typeIndex, type] = known.get(element) ?? [1, 1, 1, { _count: 1 }];
  return [index, all - index + 1, typeIndex, type._count - typeIndex + 1];
}

function count(parent: Node): void {
  const types: Record<string, { _count: number }> = {};
  const siblings = [...childrenOf(parent)].filter(isElement);
  siblings.forEach((sibling, i) => {
    const type = (types[`${nameOf(sibling)} ${namespaceOf(sibling)}`] ??= { _count: 0 });
    known.set(sibling, [i + 1, siblings.length, ++type._count, type]);
  });
  changes.observe(parent, { childList: true });
}
