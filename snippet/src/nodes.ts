// Writes an element and its ancestors into a batch, as they are at this moment.

import { intern, type Batch } from "./batch";
import {
  CAPTURED_ATTRIBUTES,
  CAPTURED_PREFIXES,
  FLAG_DETACHED,
  FLAG_QUIRKS,
  FLAG_SHADOW,
  MAX_ATTRIBUTE_CHARS,
  MAX_DEPTH,
} from "./contract";
import { attributesOf, hostOf, isElement, modeOf, nameOf, namespaceOf, parentOf, typeOf } from "./dom";
import { toJson } from "./json";
import { mask } from "./masks";
import { placesOf } from "./places";

const CAPTURED = new Set(CAPTURED_ATTRIBUTES.split(" "));

/** What rules stand on; these values are never withheld. */
const STRUCTURAL = /^(class|id|type|role)$/;

/** The index of an element's node; its ancestors' nodes come before it. */
export function nodeOf(batch: Batch, target: Element, redacted: Set<Element>): number {
  const chain: Element[] = [];
  for (let element: Element | undefined = target; element; element = above(element)) chain.unshift(element);
  if (chain.length > MAX_DEPTH) throw RangeError();
  return chain.reduce((parent, element) => {
    const description = intern(batch, "elements", toJson(describe(element, redacted.has(element))));
    return intern(batch, "nodes", `[${[parent, description, ...placesOf(element), flags(element)].join()}]`);
  }, -1);
}

/** The parent, or the host where the parent is a shadow root. */
function above(element: Element): Element | undefined {
  const parent = parentOf(element);
  return parent && isElement(parent) ? parent : parent ? hostOf(parent) : undefined;
}

function describe(element: Element, redacted: boolean): object {
  const attrs: Record<string, string | null> = {};
  for (const { name, value, namespaceURI } of attributesOf(element)) {
    const key = name.toLowerCase();
    if (namespaceURI || !(CAPTURED.has(key) || CAPTURED_PREFIXES.test(key))) continue;
    const shown = value.length <= MAX_ATTRIBUTE_CHARS && (STRUCTURAL.test(key) || (!redacted && mask(value) === value));
    attrs[name] = shown ? value : null;
  }
  const ns = /(svg|mathml)$/i.exec(namespaceOf(element) ?? "")?.[0].toLowerCase();
  return { tag: nameOf(element), ns, attrs };
}

function flags(element: Element): number {
  const parent = parentOf(element);
  const within = parent && (isElement(parent) || typeOf(parent) === 9);
  const place = within ? 0 : parent && hostOf(parent) ? FLAG_SHADOW : FLAG_DETACHED;
  return modeOf(document) === "BackCompat" ? place | FLAG_QUIRKS : place;
}
