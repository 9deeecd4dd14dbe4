// What an element says: its text, and its accessible name. A compact form of https://www.w3.org/TR/accname-1.2/
// that reads no styles and no values; what it leaves out stands in docs/reference/snippet.md.

import { MAX_TEXT_CHARS } from "./contract";
import { attribute, byId, childrenOf, isElement, matches, nameOf, rootOf, shadowOf, typeOf } from "./dom";
import { ENOUGH, masked } from "./masks";
import { EDITABLE, isPrivate, WITHHELD } from "./privacy";

/** What a click is meant for. A negative tabindex only lets scripts set the focus, as on a whole dialog. */
export const INTERACTIVE =
  EDITABLE +
  ",a[href],area[href],button,input,label,summary,option," +
  "[role=button],[role=link],[role=menuitem],[role=tab],[role=checkbox],[role=radio],[role=switch],[role=option]," +
  '[tabindex]:not([tabindex^="-"])';

/** Elements without text of their own; in a text, what is only spoken; in a name, what is only drawn. */
const SILENT = `${WITHHELD},${EDITABLE},[hidden],script,style,noscript,template,video,datalist,`;
const SPOKEN = "svg title,svg desc";
const DRAWN = "[aria-hidden=true]";

/** Elements that run on in a line; all others set their text apart. */
const INLINE = /^(a|b|code|em|i|mark|s|slot|small|strong|su[bp]|t?span|u)$/;

/** Inputs whose value is the page's own label. */
export const BUTTON = "input:is([type=submit],[type=button],[type=reset])";

/** White space folded (which every mask sees through), masked, then cut. */
export const tidy = (text: string): string => masked(folded(text).trim(), MAX_TEXT_CHARS);

const folded = (text: string): string => text.slice(0, ENOUGH).replace(/\s+/g, " ");

/** What is read of the page now, and tidied when there is time. */
export const textIn = (element: Element): string => contents(element, false);

export const labelIn = (element: Element): string =>
  referred(element) ||
  attribute(element, "aria-label").trim() ||
  labelled(element) ||
  attribute(element, "alt") ||
  (matches(element, INTERACTIVE + ",svg") && contents(element, true).trim()) ||
  attribute(element, "title") ||
  attribute(element, "placeholder");

export const textOf = (element: Element): string => tidy(textIn(element));

export const labelOf = (element: Element): string => tidy(labelIn(element));

/** What aria-labelledby refers to, in the same tree. */
function referred(element: Element): string {
  const ids = attribute(element, "aria-labelledby").match(/\S+/g) ?? [];
  const root = rootOf(element);
  return joined(ids.map((id) => (typeOf(root) === 9 ? byId(root, id) : (root as Partial<ShadowRoot>).getElementById?.(id))));
}

/** The labels of a form control; a form itself may have a control of that name. */
function labelled(element: Element): string {
  return matches(element, "form") ? "" : joined([...((element as HTMLInputElement).labels ?? [])]);
}

const joined = (elements: (Element | null | undefined)[]): string =>
  elements
    .map((element) => (element && !isPrivate(element) ? attribute(element, "aria-label") || contents(element, true) : ""))
    .join(" ")
    .trim();

function contents(element: Element, named: boolean): string {
  if (matches(element, BUTTON)) return attribute(element, "value");
  const silent = SILENT + (named ? DRAWN : SPOKEN);
  let text = "";
  /** Characters that may still be read; a node counts for four. */
  let left = ENOUGH;

  function add(more: string): void {
    text += more = folded(more);
    left -= more.length;
  }

  function inside(parent: Element): void {
    for (const node of drawn(parent)) {
      if ((left -= 4) < 0) return;
      if (typeOf(node) === 3) add((node as Text).data);
      else if (isElement(node) && !matches(node, silent)) child(node);
    }
  }

  function child(node: Element): void {
    const gap = INLINE.test(nameOf(node)) ? "" : " ";
    const name = named && (attribute(node, "aria-label") || attribute(node, "alt"));
    text += gap;
    if (name) add(name);
    else inside(node);
    text += gap;
  }

  if (!matches(element, EDITABLE)) inside(element);
  return text;
}

/** The children as they are drawn: of the open shadow root, of what fills the slot, else its own. */
function drawn(element: Element): Iterable<Node> {
  const slotted = nameOf(element) === "slot" && (element as HTMLSlotElement).assignedNodes?.();
  return slotted && slotted.length ? slotted : childrenOf(shadowOf(element) ?? element);
}
