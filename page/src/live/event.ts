// A raw event as the API tells it, and what it says to people.

import { type IconName } from "../icons";
import { cut, quoted } from "../figures";

export interface LiveElement {
  tag: string;
  attributes: Record<string, string | null>;
  selector: string | null;
  text: string | null;
  label: string | null;
  href: string | null;
  /** From the outermost in. */
  ancestors?: string[];
}

export interface LiveEvent {
  id: string;
  time: string;
  type: string;
  page: { host: string | null; path: string | null; query: string | null; title: string | null };
  element: LiveElement | null;
  properties: { name?: string | null; props?: Record<string, unknown> };
  browser?: string | null;
  os?: string | null;
  device_type?: string | null;
  names: string[];
}

const KINDS: Record<string, string> = {
  a: "link", button: "button", select: "choice", textarea: "text field", form: "form", img: "picture", svg: "icon", label: "label",
  summary: "disclosure", li: "list item", ul: "list", ol: "list", tr: "row", td: "cell", th: "heading cell", nav: "navigation", p: "paragraph",
  h1: "heading", h2: "heading", h3: "heading", h4: "heading", html: "page", body: "page", iframe: "frame", div: "area", span: "text",
};
const FIELDS = /^(email|password|search|tel|url|number|date|text|)$/;

/** What an element is: "button", "link", "checkbox", "section". */
export function kindOf({ tag, attributes }: LiveElement): string {
  const { role, type } = attributes;
  if (role && !/^(presentation|none|group|region)$/.test(role)) return role;
  if (tag !== "input") return KINDS[tag] ?? tag;
  if (/^(submit|button|reset|image)$/.test(type ?? "")) return "button";
  return FIELDS.test(type ?? "") ? `${type || "text"} field` : (type ?? "field");
}

/** "button “Add to basket”", of one without words "button .toggle". */
function described(element: LiveElement | null): string {
  if (!element) return "something";
  const { tag, attributes, label, text } = element;
  const own = attributes["aria-label"] || attributes.name || attributes.placeholder;
  // A form's text is that of all its fields.
  const said = tag === "form" ? own : label || text || own;
  const kind = actedOn(element);
  if (said) return `${kind} ${quoted(said)}`.trim();
  const id = attributes.id;
  return `${kind || kindOf(element)}${id ? ` #${cut(id, 40)}` : ""}`;
}

const INERT = /^(span|path|svg|use|g|i|b|em|strong|small|img|div|p|picture|rect|circle)$/;
const ACTIVE = /^(a|button|summary|select|textarea|input|label|option)(?![\w-])/;

/** The kind of what was acted on, of which an icon or a text may be the target; empty where that is not known. */
function actedOn(element: LiveElement): string {
  if (!INERT.test(element.tag) || element.attributes.role) return kindOf(element);
  const around = (element.ancestors ?? []).toReversed().map((each) => ACTIVE.exec(each)?.[1]).find(Boolean);
  return around ? kindOf({ ...element, tag: around, attributes: {} }) : "";
}

const SENTENCES: Record<string, (event: LiveEvent) => string> = {
  click: ({ element }) => `Click on ${described(element)}`,
  change: ({ element }) => `Change of ${described(element)}`,
  submit: ({ element }) => `Submit of ${described(element)}`,
  copy: ({ element }) => `Copy from ${described(element)}`,
  focus: ({ element }) => `First focus on ${described(element)}`,
  expose: ({ element }) => `Seen: ${described(element)}`,
  pageview: ({ page }) => (page.title ? `View of ${quoted(page.title)}` : "Page view"),
  leave: ({ page }) => (page.title ? `Left ${quoted(page.title)}` : "Page left"),
  track: ({ properties }) => `Sent by code: ${quoted(properties.name ?? "?")}`,
  vital: ({ properties }) => `Measured: ${properties.name ?? "?"} ${measured(properties.props)}`,
  identify: () => "Somebody was identified",
  traits: () => "Traits of somebody",
  error: ({ properties }) => `Error: ${quoted(String(properties.props?.message ?? "?"), 100)}`,
};

/** What happened, in one sentence. */
export const sentence = (event: LiveEvent): string => SENTENCES[event.type]?.(event).trim() ?? event.type;

const measured = (props: Record<string, unknown> = {}): string => [props.value, props.rating].filter((each) => each !== undefined && each !== null).join(", ");

const SHOWN: Record<string, IconName> = { identify: "person", traits: "person", click: "click", change: "change", submit: "submit", copy: "copy", focus: "focus",
  expose: "expose", pageview: "page", leave: "leave", track: "track", vital: "vital", error: "error" };

export const iconOf = ({ type }: LiveEvent): IconName => SHOWN[type] ?? "track";

const DEVICES: Record<string, string> = { mobile: "phone" };

/** Where, and with what: "/product/3 · Firefox, phone". */
export function circumstances({ page, browser, device_type: device }: LiveEvent): string {
  const agent = [browser, device && (DEVICES[device] ?? device)].filter(Boolean).join(", ");
  return [cut((page.path ?? "") + (page.query ? `?${page.query}` : ""), 80), agent].filter(Boolean).join(" · ");
}

/** Whether somebody did something, which views and what is measured beside are not. */
export const isDeed = ({ type }: LiveEvent): boolean => /^(click|change|submit|track|copy|identify)$/.test(type);

/** The rule that holds of this event and those alike, where its element says one. */
export function ruleOf({ type, element, properties }: LiveEvent): Record<string, unknown> | null {
  if (type === "track" && properties.name) return { on: "track", name: properties.name };
  if (!element?.selector) return null;
  const said = element.text && element.text.length <= 60 && element.text === element.label ? element.text : null;
  return { on: type, css: element.selector, ...(type === "click" && said ? { text: { op: "is", value: said } } : {}) };
}
