// An element described, and its place among others, as they are at this moment: what the tables of a batch, and of a
// page in the definer, are made of.

import { CAPTURED, FLAG_DETACHED, FLAG_QUIRKS, FLAG_SHADOW, MAX_ATTRIBUTE_CHARS } from "./contract";
import { attributesOf, hostOf, modeOf, nameOf, namespaceOf, nextOf, parentOf, previousOf, typeOf } from "./dom";
import { masked } from "./masks";

/** What rules stand on; these values are never withheld. */
const STRUCTURAL = /^(class|id|type|role)$/i;

/** The attributes that are kept, as they are now. */
export function valuesOf(element: Element): Record<string, string | null> {
  const values: Record<string, string> = {};
  for (const { name, value, namespaceURI } of attributesOf(element)) if (!namespaceURI && CAPTURED.test(name)) values[name] = value;
  return values;
}

/** One element as it stands in `elements`. */
export function describe(element: Element, redacted: boolean, attrs = valuesOf(element)): object {
  for (const name of Object.keys(attrs)) {
    const value = attrs[name]!;
    if (value[MAX_ATTRIBUTE_CHARS] || (!STRUCTURAL.test(name) && (redacted || masked(value) !== value))) attrs[name] = null;
  }
  const ns = /(svg|mathml)$/i.exec(`${namespaceOf(element)}`)?.[0].toLowerCase();
  return { tag: nameOf(element), ns, attrs };
}

/** Places among the element siblings, from 1: of all, from the end, of its type, of its type from the end. */
export function places(element: Element): number[] {
  // Counted anew at each event: 50,000 siblings take 4 ms; to keep their places until they change, 100 ms at each change.
  const name = nameOf(element);
  const namespace = namespaceOf(element);
  return [previousOf, nextOf, previousOf, nextOf].map((step, i) => {
    let count = 0;
    for (let other: Element | null = element; other; other = step(other))
      if (i < 2 || (nameOf(other) === name && namespaceOf(other) === namespace)) count++;
    return count;
  });
}

/** FLAG_SHADOW, FLAG_DETACHED, FLAG_QUIRKS, as they hold. */
export function flags(element: Element): number {
  const parent = parentOf(element);
  const place = parent && hostOf(parent) ? FLAG_SHADOW : parent && typeOf(parent) !== 11 ? 0 : FLAG_DETACHED;
  return modeOf(document) === "BackCompat" ? place | FLAG_QUIRKS : place;
}
