// The page's tables, as they stand on the wire: what is captured of each element, and never what people type.

import { bytesOf } from "../bytes";
import { above, childrenOf, hostOf, isElement, lineage, matches, nameOf, namespaceOf, parentOf, shadowOf, slotOf, titleOf } from "../dom";
import { toJson } from "../json";
import { describe, flags } from "../nodes";
import { EDITABLE, isIgnored, redactedOf } from "../privacy";
import { INTERACTIVE, textOf, tidy } from "../texts";
import { clean } from "../urls";
import { wording } from "../wording";
import { host } from "./host";

/** A page may be larger: then what is nearest to the held element comes first. */
const MAX_NODES = 20_000;
const MAX_BYTES = 4_500_000;

interface Tables {
  elements: string[];
  nodes: string[];
  /** What the page's buttons and links say. */
  texts: [node: number, text: string][];
  node: number;
}

/** The JSON body that asks for candidates: the page's tables, the held element's place in them, and what it says. */
export function askingFor(held: Element, on: string): string {
  const { elements, nodes, ...known } = tablesOf(held);
  const path = lineage(held);
  const page = { url: clean(location.href), title: tidy(titleOf(document)) };
  const rest = { ...known, ...wording(held, path, redactedOf(path)), page, on };
  return `{"elements":[${elements}],"nodes":[${nodes}],${toJson(rest).slice(1)}`;
}

/** Every element of the page and its open shadow trees, parents first, those of the held element's ancestors before others. */
export function tablesOf(held: Element): Tables {
  const elements = new Map<string, number>();
  const nodes: string[] = [];
  const texts: Tables["texts"] = [];
  let left = MAX_BYTES;
  const indices = new Map<Element, number>();
  const isRedacted = remembered();
  const placesOf = counted();

  function add(element: Element): number {
    const known = indices.get(element);
    if (known !== undefined) return known;
    const parent = above(element);
    const parentIndex = parent ? add(parent) : -1;
    const description = toJson(describe(element, isRedacted(element)));
    if (!elements.has(description)) {
      elements.set(description, elements.size);
      left -= bytesOf(description);
    }
    const index = nodes.push(`[${[parentIndex, elements.get(description), ...placesOf(element), flags(element)]}]`) - 1;
    const said = matches(element, INTERACTIVE) && !isRedacted(element) && textOf(element);
    if (said) texts.push([index, said]);
    left -= nodes[index]!.length + (said ? bytesOf(said) + 9 : 0);
    indices.set(element, index);
    return index;
  }

  const node = add(held);
  for (const element of outwards(held)) {
    if (nodes.length >= MAX_NODES || left < 0) break;
    add(element);
  }
  return { elements: [...elements.keys()], nodes, texts, node };
}

/** The elements below the held element, then below its parent, and so on to the whole page. */
function* outwards(held: Element): Iterable<Element> {
  const seen = new Set<Element>();
  for (let top: Element | undefined = held; top; top = above(top)) yield* below(top, seen);
}

function* below(top: Element, seen: Set<Element>): Iterable<Element> {
  const open = [top];
  for (let element = open.pop(); element; element = open.pop()) {
    if (element === host || isIgnored([element])) continue;
    if (!seen.has(element)) yield element;
    else if (element !== top) continue; // What is below it was yielded with it.
    seen.add(element);
    const shadow = shadowOf(element);
    open.push(...elementsIn(element).reverse(), ...(shadow ? elementsIn(shadow).reverse() : []));
  }
}

const elementsIn = (parent: Node): Element[] => [...childrenOf(parent)].filter(isElement);

/** Whether an element is redacted, as `redactedOf(lineage(element))` says it, each ancestor asked once. */
function remembered(): (element: Element) => boolean {
  const known = new Map<Element, boolean>();
  return function isRedacted(element: Element): boolean {
    const before = known.get(element);
    if (before !== undefined) return before;
    const around = drawnAround(element);
    const redacted = redactedOf([element]).has(element) || (!!around && (matches(around, EDITABLE) || isRedacted(around)));
    known.set(element, redacted);
    return redacted;
  };
}

/** The next element of its lineage. */
function drawnAround(element: Element): Element | undefined {
  const outer = slotOf(element) ?? parentOf(element);
  return outer && isElement(outer) ? outer : outer ? hostOf(outer) : undefined;
}

/** The places of elements, all siblings counted at once; the definer's own element takes none. */
function counted(): (element: Element) => number[] {
  const known = new Map<Element, number[]>();
  return (element) => {
    const parent = parentOf(element);
    if (!known.has(element)) placeAll(parent ? elementsIn(parent) : [element], known);
    return known.get(element)!;
  };
}

function placeAll(siblings: Element[], into: Map<Element, number[]>): void {
  const counted = siblings.filter((sibling) => sibling !== host);
  const totals = new Map<string, number>();
  const before = counted.map((sibling) => {
    const kind = `${nameOf(sibling)} ${namespaceOf(sibling)}`;
    const place = (totals.get(kind) ?? 0) + 1;
    totals.set(kind, place);
    return { kind, place };
  });
  counted.forEach((sibling, i) => {
    const { kind, place } = before[i]!;
    into.set(sibling, [i + 1, counted.length - i, place, totals.get(kind)! - place + 1]);
  });
}
