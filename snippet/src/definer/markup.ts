// Builds the definer's own elements: texts go in as texts, never as markup, which Trusted Types ask for, too.

/** What a part of the panel does when it is clicked, typed into or given a key; the window's listeners call it. */
export type Act = (event: Event, element: HTMLElement) => void;

export const ACTS = ["click", "input", "keydown"] as const;
type Acts = Partial<Record<(typeof ACTS)[number], Act>>;

/** Kept beside the elements: no listener stands inside, since events are kept from the way there. See hearing.ts. */
export const acts = new WeakMap<Element, Acts>();

export type Child = Node | string | number | false | null | undefined;
type Given = { on?: Acts | Act } & Record<string, string | number | boolean | null | undefined | Acts | Act>;

const make = Document.prototype.createElementNS; // A page may have an image named "createElementNS".
const HTML = "http://www.w3.org/1999/xhtml";
const SVG = "http://www.w3.org/2000/svg";

/** An element with its attributes (true: without a value; false, null: none), what it does (`on`), and its children. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  given: Given = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const { on, ...attributes } = given;
  const element = make.call(document, HTML, tag) as HTMLElementTagNameMap[K];
  set(element, attributes as Record<string, string>);
  if (on) acts.set(element, typeof on === "function" ? { click: on } : (on as Acts));
  if (tag === "button") element.setAttribute("type", "button");
  fill(element, ...children);
  return element;
}

export function svg(tag: string, attributes: Record<string, string | number>, ...children: Node[]): SVGElement {
  const element = make.call(document, SVG, tag) as SVGElement;
  set(element, attributes);
  element.append(...children);
  return element;
}

/** Says whether the pointer or the focus is on an element: what moves inside the panel is not heard outside of it. */
export function looking<T extends Element>(element: T, looked: (isLooking: boolean) => void): T {
  for (const type of ["pointerenter", "focus"]) element.addEventListener(type, () => looked(true));
  for (const type of ["pointerleave", "blur"]) element.addEventListener(type, () => looked(false));
  return element;
}

/** Sets attributes; false, null and undefined take them away. */
export function set(element: Element, attributes: Record<string, string | number | boolean | null | undefined>): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value == null) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
}

/** Replaces what stands in an element; false and null are nothing. */
export function fill(element: Element, ...children: Child[]): void {
  element.replaceChildren(
    ...children.filter((child) => child || child === 0).map((child) => (typeof child === "number" ? String(child) : (child as Node))),
  );
}

export const icon = (path: string): SVGElement =>
  svg("svg", { viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" }, svg("path", { d: path }));
