// Reads the DOM past what a page may have put over it: `<input name="parentNode">` replaces its form's
// property of that name. https://html.spec.whatwg.org/multipage/forms.html#the-form-element (LegacyOverrideBuiltIns)

function reader<T extends Node, V>(prototype: T, property: string): (node: T) => V {
  const get = Object.getOwnPropertyDescriptor(prototype, property)!.get!;
  return (node) => get.call(node) as V;
}

export const parentOf: (node: Node) => ParentNode | null = reader(Node.prototype, "parentNode");
export const typeOf: (node: Node) => number = reader(Node.prototype, "nodeType");
export const childrenOf: (node: Node) => Iterable<Node> = reader(Node.prototype, "childNodes");
export const nameOf: (element: Element) => string = reader(Element.prototype, "localName");
export const namespaceOf: (element: Element) => string | null = reader(Element.prototype, "namespaceURI");
export const attributesOf: (element: Element) => Iterable<Attr> = reader(Element.prototype, "attributes");
export const previousOf: (element: Element) => Element | null = reader(Element.prototype, "previousElementSibling");
export const nextOf: (element: Element) => Element | null = reader(Element.prototype, "nextElementSibling");
export const titleOf: (document: Document) => string = reader(Document.prototype, "title");
export const slotOf: (element: Element) => Element | null = reader(Element.prototype, "assignedSlot");
export const shadowOf: (element: Element) => ShadowRoot | null = reader(Element.prototype, "shadowRoot");

/** An attribute's value, empty where there is none. */
export const attribute = (element: Element, name: string): string =>
  Element.prototype.getAttribute.call(element, name) ?? "";
export const matches = (element: Element, css: string): boolean => Element.prototype.matches.call(element, css);

export const rootOf = (node: Node): Node => Node.prototype.getRootNode.call(node);
export const isElement = (node: Node): node is Element => typeOf(node) === 1;

/** The host, where a node is an open or closed shadow root. */
export const hostOf = (node: Node): Element | undefined => (node as Partial<ShadowRoot>).host;

/**
 * An element and what contains it as the page is drawn, innermost first: slots and shadow trees included, which
 * is the path that its events take.
 */
export function lineage(element: Element): Element[] {
  const path: Element[] = [];
  let node: Node | null | undefined = element;
  while (node) {
    const inside: boolean = isElement(node);
    if (inside) path.push(node as Element);
    node = (inside && slotOf(node as Element)) || parentOf(node) || (inside ? null : hostOf(node));
  }
  return path;
}
