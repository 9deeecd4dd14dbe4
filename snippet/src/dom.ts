// Reads the DOM past what a page may have put over it: `<input name="parentNode">` replaces its form's property of
// that name, `<img name="hidden">` the document's, and a script's `class Node {}` the browser's.
// https://html.spec.whatwg.org/multipage/forms.html#the-form-element (LegacyOverrideBuiltIns)

type Of<N, V> = (node: N, ...given: unknown[]) => V;

/** The browser's own getters and methods, as they stand on the prototypes behind an object. */
function readers<T>(object: object, names: string): T {
  return names.split(" ").map((name) => {
    let owner = object;
    let found: PropertyDescriptor | undefined;
    while (!found) found = Object.getOwnPropertyDescriptor((owner = Object.getPrototypeOf(owner)), name);
    const action = found.get ?? found.value;
    return (node: unknown, ...given: unknown[]) => action.apply(node, given);
  }) as T;
}

type OfDocument<V> = Of<Document | Node, V>;
type Found = OfDocument<Element | null>;
export const [titleOf, referrerOf, modeOf, isHidden, outermostOf, scriptOf, find, byId, make] = readers<
  [OfDocument<string>, OfDocument<string>, OfDocument<string>, OfDocument<boolean>, Found, Found, Found, Found, OfDocument<Element>]
>(document, "title referrer compatMode hidden documentElement currentScript querySelector getElementById createElement");

type OfElement<V> = Of<Element, V>;
export const [
  listenTo, typeOf, parentOf, childrenOf, rootOf,
  nameOf, namespaceOf, attributesOf, previousOf, nextOf, slotOf, shadowOf, matches, attributeOf, append,
] = readers<
  [
    Of<EventTarget, void>, Of<Node, number>, Of<Node, ParentNode | null>, Of<Node, Iterable<Node>>, Of<Node, Node>,
    OfElement<string>, OfElement<string | null>, OfElement<Iterable<Attr>>, OfElement<Element | null>,
    OfElement<Element | null>, OfElement<Element | null>, OfElement<ShadowRoot | null>, OfElement<boolean>,
    OfElement<string | null>, OfElement<void>,
  ]
>(
  outermostOf(document)!,
  "addEventListener nodeType parentNode childNodes getRootNode " +
    "localName namespaceURI attributes previousElementSibling nextElementSibling assignedSlot shadowRoot matches getAttribute append",
);

/** An attribute's value, empty where there is none. */
export const attribute = (element: Element, name: string): string => attributeOf(element, name) ?? "";

export const isElement = (node: Node): node is Element => typeOf(node) === 1;

/** The host, where a node is an open or closed shadow root; a document's `host` may be an image of that name. */
export const hostOf = (node: Node): Element | undefined =>
  typeOf(node) === 11 ? (node as Partial<ShadowRoot>).host : undefined;

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
    node = (inside && slotOf(node as Element)) || parentOf(node) || hostOf(node);
  }
  return path;
}
