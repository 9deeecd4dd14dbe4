// What an element says: its text, and its accessible name. A compact form of https://www.w3.org/TR/accname-1.2/
// that reads no styles and no values; what it leaves out stands in docs/reference/snippet.md.

import { MAX_TEXT_CHARS } from "./contract";
import { attribute, childrenOf, isElement, matches, nameOf, rootOf, shadowOf, typeOf } from "./dom";
import { mask } from "./masks";
import { EDITABLE, isPrivate, WITHHELD } from "./privacy";

/** What a click is meant for. A negative tabindex only lets scripts set the focus, as on a whole dialog. */
export const INTERACTIVE =
  "a[href],area[href],button,input,select,textarea,label,summary,option,[contenteditable]:not([contenteditable=false])," +
  "[role=button],[role=link],[role=menuitem],[role=tab],[role=checkbox],[role=radio],[role=switch],[role=option]," +
  '[tabindex]:not([tabindex^="-"])';

/** Elements without text of their own; in a text, what is only spoken; in a name, what is only drawn. */
const SILENT = `${WITHHELD},${EDITABLE},[hidden],script,style,noscript,template,video,`;
const SPOKEN = "svg title,svg desc";
const DRAWN = "[aria-hidden=true]";

/** Elements that run on in a line; all others set their text apart. */
const INLINE = /^(a|abbr|b|code|em|font|i|kbd|mark|s|slot|small|strong|su[bp]|t?span|time|u)$/;

/** Inputs whose value is the page's own label. */
const BUTTON = "input:is([type=submit],[type=button],[type=reset])";

/** Characters after which reading stops, a node counting for four; masks need more than is kept. */
const ENOUGH = 4_000;

interface Reading {
  text: string;
  left: number;
}

/** White space folded (which every mask sees through), masked, then cut. */
export const tidy = (text: string): string =>
  mask(text.replace(/\s+/g, " "))
    .trim()
    .slice(0, MAX_TEXT_CHARS);

export const textOf = (element: Element): string => tidy(contents(element, false));

export const labelOf = (element: Element): string =>
  tidy(
    referred(element) ||
      attribute(element, "aria-label").trim() ||
      labelled(element) ||
      attribute(element, "alt") ||
      (matches(element, INTERACTIVE + ",svg") && contents(element, true).trim()) ||
      attribute(element, "title") ||
      attribute(element, "placeholder"),
  );

/** What aria-labelledby refers to, in the same tree. */
function referred(element: Element): string {
  const ids = attribute(element, "aria-labelledby").match(/\S+/g) ?? [];
  const root = rootOf(element) as Partial<Document>;
  return joined(ids.map((id) => root.getElementById?.(id)));
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
  const reading = { text: "", left: ENOUGH };
  if (!matches(element, EDITABLE)) inside(element, named, reading);
  return reading.text;
}

function inside(element: Element, named: boolean, reading: Reading): void {
  for (const node of drawn(element)) {
    if ((reading.left -= 4) < 0) return;
    if (typeOf(node) === 3) add((node as Text).data, reading);
    else if (isElement(node)) child(node, named, reading);
  }
}

function child(element: Element, named: boolean, reading: Reading): void {
  if (matches(element, SILENT + (named ? DRAWN : SPOKEN))) return;
  const gap = INLINE.test(nameOf(element)) ? "" : " ";
  const name = named && (attribute(element, "aria-label") || attribute(element, "alt"));
  reading.text += gap;
  if (name) add(name, reading);
  else inside(element, named, reading);
  reading.text += gap;
}

function add(text: string, reading: Reading): void {
  const folded = text.replace(/\s+/g, " ").slice(0, ENOUGH);
  reading.left -= folded.length;
  reading.text += folded;
}

/** The children as they are drawn: of the open shadow root, of what fills the slot, else its own. */
function drawn(element: Element): Iterable<Node> {
  const slotted = nameOf(element) === "slot" && (element as HTMLSlotElement).assignedNodes?.();
  return slotted && slotted.length ? slotted : childrenOf(shadowOf(element) ?? element);
}
