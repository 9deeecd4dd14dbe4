// Reads the DOM past what a page may have put over it: `<input name="parentNode">` replaces its form's property of
// that name, `<img name="hidden">` the document's, and a script's `class Node {}` the browser's.
// https://html.spec.whatwg.org/multipage/forms.html#the-form-element (LegacyOverrideBuiltIns)

type Of<N, V> = (node: N, ...given: unknown[]) => V;

type Action = Of<unknown, unknown>;
type Prototype = { __lookupGetter__(name: string): Action | undefined } & Record<string, unknown>;

/** The browser's own getters and methods, as they stand on the prototypes behind an object. */
function readers<T>(object: object, names: string): T {
  const prototype = Object.getPrototypeOf(object) as Prototype;
  return names.split(" ").map((name) => {
    const action = prototype.__lookupGetter__(name) ?? (prototype[name] as Action);
    return action.call.bind(action);
  }) as T;
}

type OfDocument<V> = Of<Document | Node, V>;
type Found = OfDocument<Element | null>;
export const [titleOf, referrerOf, modeOf, isHidden, outermostOf, scriptOf, find, byId] = readers<
  [OfDocument<string>, OfDocument<string>, OfDocument<string>, OfDocument<boolean>, Found, Found, Found, Found]
>(document, "title referrer compatMode hidden documentElement currentScript querySelector getElementById");

type OfElement<V> = Of<Element, V>;
export const [
  listenTo, typeOf, parentOf, childrenOf, rootOf,
  nameOf, namespaceOf, attributesOf, previousOf, nextOf, slotOf, shadowOf, matches, attributeOf,
] = readers<
  [
    Of<EventTarget, void>, Of<Node, number>, Of<Node, ParentNode | null>, Of<Node, Iterable<Node>>, Of<Node, Node>,
    OfElement<string>, OfElement<string | null>, OfElement<Iterable<Attr>>,
    OfElement<Element | null>, OfElement<Element | null>, OfElement<Element | null>, OfElement<ShadowRoot | null>, OfElement<boolean>, OfElement<string | null>,
  ]
>(
  outermostOf(document)!,
  "addEventListener nodeType parentNode childNodes getRootNode " +
    "localName namespaceURI attributes previousElementSibling nextElementSibling assignedSlot shadowRoot matches getAttribute",
);

/** An attribute's value, empty where there is none. */
export const attribute = (element: Element, name: string): string => attributeOf(element, name) ?? "";

export const isElement = (node: Node): node is Element => typeOf(node) === 1;

/** The host, where a node is an open or closed shadow root; a document's `host` may be an image of that name. */
export const hostOf = (node: Node): Element | undefined =>
  typeOf(node) === 11 ? (node as Partial<ShadowRoot>).host : undefined;

/**
 * An element and what contains it as the page is drawn, innermost first: slots and shadow trees included, which
 * is the path that its events take. Without slots: as the page is written.
 */
export function lineage(element: Element, written?: boolean): Element[] {
  const path: Element[] = [];
  let node: Node | null | undefined = element;
  while (node) {
    const inside: boolean = isElement(node);
    if (inside) path.push(node as Element);
    node = (inside && !written && slotOf(node as Element)) || parentOf(node) || hostOf(node);
  }
  return path;
}

/** The parent, or the host where the parent is a shadow root. */
export function above(element: Element): Element | undefined {
  const parent = parentOf(element);
  return !parent ? undefined : isElement(parent) ? parent : hostOf(parent);
}
