// Writes an element and its ancestors into a batch, as they are at this moment.

import { intern, type Batch } from "./batch";
import { MAX_DEPTH } from "./contract";
import { toJson } from "./json";
import { above, describe, flags, places } from "./nodes";

/** The index of an element's node; its ancestors' nodes come before it. */
export function nodeOf(batch: Batch, target: Element, redacted: Set<Element>): number {
  const chain: Element[] = [];
  for (let element: Element | undefined = target; element; element = above(element)) chain.unshift(element);
  if (chain.length > MAX_DEPTH) throw RangeError();
  return chain.reduce((parent, element) => {
    const description = intern(batch, "elements", toJson(describe(element, redacted.has(element))));
    return intern(batch, "nodes", `[${[parent, description, ...places(element), flags(element)].join()}]`);
  }, -1);
}
