// Writes an element and its ancestors into a batch, as they were when it was captured.

import { intern, type Batch } from "./batch";
import { MAX_DEPTH } from "./contract";
import { toJson } from "./json";
import { above, describe, flags, places, valuesOf } from "./nodes";

/** Reads what may change now; what is given back writes it, and gives the index of the element's node. */
export function contextOf(target: Element, redacted: Set<Element>): (batch: Batch) => number {
  const chain: [Element, [string, string][], string][] = [];
  for (let element: Element | undefined = target; element; element = above(element))
    chain.unshift([element, valuesOf(element), `${[...places(element), flags(element)]}`]);
  if (chain.length > MAX_DEPTH) throw RangeError();
  return (batch) =>
    chain.reduce((parent, [element, values, place]) => {
      const description = intern(batch, "elements", toJson(describe(element, redacted.has(element), values)));
      return intern(batch, "nodes", `[${parent},${description},${place}]`);
    }, -1);
}
