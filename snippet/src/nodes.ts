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
import { attributesOf, hostOf, isElement, nameOf, namespaceOf, nextOf, parentOf, previousOf, typeOf } from "./dom";
import { mask } from "./masks";

const CAPTURED = new Set(CAPTURED_ATTRIBUTES.split(" "));

/** What rules stand on; these values are never withheld. */
const STRUCTURAL = /^(class|id|type|role)$/;

const NAMESPACES: Record<string, string> = {
  "http://www.w3.org/2000/svg": "svg",
  "http://www.w3.org/1998/Math/MathML": "mathml",
};

/** The index of an element's node; its ancestors' nodes come before it. */
export function nodeOf(batch: Batch, target: Element, redacted: Set<Element>): number {
  const chain: Element[] = [];
  for (let element: Element | undefined = target; element; element = above(element)) chain.unshift(element);
  if (chain.length > MAX_DEPTH) throw new RangeError("deeper than the wire allows");
  let parent = -1;
  for (const element of chain) {
    const description = intern(batch, batch.elements, describe(element, redacted.has(element)));
    parent = intern(batch, batch.nodes, [parent, description, ...positions(element), flags(element)]);
  }
  return parent;
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
  const ns = NAMESPACES[namespaceOf(element) ?? ""];
  return { tag: nameOf(element), ...(ns && { ns }), attrs };
}

/** Places among the element siblings, from 1: of all, from the end, of its type, of its type from the end. */
function positions(element: Element): number[] {
  const [before, sameBefore] = count(element, previousOf);
  const [after, sameAfter] = count(element, nextOf);
  return [before, after, sameBefore, sameAfter];
}

function count(element: Element, step: (element: Element) => Element | null): [number, number] {
  const name = nameOf(element);
  const namespace = namespaceOf(element);
  let all = 1;
  let same = 1;
  for (let other = step(element); other; other = step(other)) {
    all++;
    if (nameOf(other) === name && namespaceOf(other) === namespace) same++;
  }
  return [all, same];
}

function flags(element: Element): number {
  const parent = parentOf(element);
  const quirks = element.ownerDocument.compatMode === "BackCompat" ? FLAG_QUIRKS : 0;
  if (parent && hostOf(parent) && !isElement(parent)) return quirks | FLAG_SHADOW;
  return parent && (isElement(parent) || typeOf(parent) === 9) ? quirks : quirks | FLAG_DETACHED;
}
