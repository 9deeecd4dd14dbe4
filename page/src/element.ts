// Elements are made here and nowhere else: whatever text they get, it stays text. Styles are set by script, one by one,
// because the page's policy takes no style attributes.

export type Child = Node | string | number | false | null | undefined | readonly Child[];
type Given = Readonly<Record<string, unknown>>;

const SVG = "http://www.w3.org/2000/svg";

/** An element; what begins with `on` is heard, `true` is an empty attribute, `false` and undefined are none. */
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, given: Given = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  return filled(document.createElement(tag), given, children);
}

export function svg(tag: string, given: Given = {}, ...children: Child[]): SVGElement {
  return filled(document.createElementNS(SVG, tag) as SVGElement, given, children);
}

/** Puts these children in place of those that stand there. */
export function fill(host: Element, ...children: Child[]): void {
  host.replaceChildren(...nodes(children));
}

export function add(host: Element, ...children: Child[]): void {
  host.append(...nodes(children));
}

function filled<E extends Element>(element: E, given: Given, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(given)) set(element, name, value);
  element.append(...nodes(children));
  return element;
}

function set(element: Element, name: string, value: unknown): void {
  if (value === undefined || value === null || value === false) return;
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value as EventListener);
  else element.setAttribute(name, value === true ? "" : String(value));
}

function nodes(children: readonly Child[]): (Node | string)[] {
  return children.flatMap((child): (Node | string)[] => {
    if (child === undefined || child === null || child === false) return [];
    if (typeof child === "number") return [String(child)];
    return isList(child) ? nodes(child) : [child];
  });
}

const isList = (child: Child): child is readonly Child[] => Array.isArray(child);
