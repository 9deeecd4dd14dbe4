// Writes an element and its ancestors into a batch, as they were when it was captured.

import { intern, type Batch } from "./batch";
import { MAX_DEPTH } from "./contract";
import { toJson } from "./json";
import { lineage } from "./dom";
import { describe, flags, places, valuesOf } from "./nodes";

/** Reads what may change now; what is given back writes it, and gives the index of the element's node. */
export function contextOf(target: Element, redacted: Set<Element>): (batch: Batch) => number {
  const path = lineage(target, true);
  if (path[MAX_DEPTH]) throw RangeError();
  const chain = path.map((element) => [element, valuesOf(element), [...places(element), flags(element)]] as const);
  return ({ _elements, _nodes }) =>
    chain.reduceRight((parent, [element, values, place]) => {
      const description = intern(_elements, toJson(describe(element, redacted.has(element), values)));
      return intern(_nodes, `[${parent},${description},${place}]`);
    }, -1);
}
