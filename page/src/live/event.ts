// A raw event as the API tells it, and what it says to people.

import { type IconName } from "../icons";
import { cut, quoted } from "../figures";

export interface LiveEvent {
  time: string;
  type: string;
  names: string[];
  /** The page instance and the number within it: together they are the event's own. */
  page: string;
  sequence: number;
  /** A selector that says what it is: `button#buy.primary`. */
  element?: string;
  node_id?: string;
  text?: string;
  label?: string;
  href?: string;
  name?: string;
  props?: Record<string, unknown>;
  host?: string;
  path?: string;
  query?: string;
  title?: string;
  browser?: string;
  os?: string;
  device_type?: string;
}

const KINDS: Record<string, string> = {
  a: "link", button: "button", select: "choice", textarea: "text field", input: "field", form: "form", label: "label", summary: "disclosure",
  li: "list item", ul: "list", ol: "list", tr: "row", td: "cell", th: "heading cell", nav: "navigation", h1: "heading", h2: "heading", h3: "heading",
  h4: "heading", html: "page", body: "page", iframe: "frame", video: "video", audio: "audio", details: "disclosure", option: "option",
};
const INERT = /^(span|path|svg|use|g|i|b|em|strong|small|img|div|p|picture|rect|circle)$/;

/** What an element is: "button", "link"; empty of an icon or a text within something, whose words the event has. */
function kindOf(selector: string): string {
  const tag = /^[\w-]+/.exec(selector)?.[0] ?? "";
  return INERT.test(tag) ? "" : (KINDS[tag] ?? tag);
}

/** "button “Add to basket”", of one without words "button.toggle". */
function described({ element = "", label, text, type }: LiveEvent): string {
  const kind = kindOf(element);
  // A form's text is that of all its fields.
  const said = label || (type === "submit" ? "" : text);
  if (said) return `${kind} ${quoted(said)}`.trim();
  return element ? cut(element, 60) : "something";
}

const SENTENCES: Record<string, (event: LiveEvent) => string> = {
  click: (event) => `Click on ${described(event)}`,
  change: (event) => `Change of ${described(event)}`,
  submit: (event) => `Submit of ${described(event)}`,
  copy: (event) => `Copy from ${described(event)}`,
  focus: (event) => `First focus on ${described(event)}`,
  expose: (event) => `Seen: ${described(event)}`,
  pageview: ({ title }) => (title ? `View of ${quoted(title)}` : "Page view"),
  leave: ({ title }) => (title ? `Left ${quoted(title)}` : "Page left"),
  track: ({ name }) => `Sent by code: ${quoted(name ?? "?")}`,
  vital: ({ name, props }) => `Measured: ${name ?? "?"} ${measured(props)}`,
  identify: () => "Somebody was identified",
  traits: () => "Traits of somebody",
  error: ({ props }) => `Error: ${quoted(String(props?.message ?? "?"), 100)}`,
};

/** What happened, in one sentence. */
export const sentence = (event: LiveEvent): string => SENTENCES[event.type]?.(event).trim() ?? event.type;

const measured = (props: Record<string, unknown> = {}): string => [props.value, props.rating].filter((each) => each !== undefined && each !== null).join(", ");

const SHOWN: Record<string, IconName> = { identify: "person", traits: "person", click: "click", change: "change", submit: "submit", copy: "copy", focus: "focus",
  expose: "expose", pageview: "page", leave: "leave", track: "track", vital: "vital", error: "error" };

export const iconOf = ({ type }: LiveEvent): IconName => SHOWN[type] ?? "track";

const DEVICES: Record<string, string> = { mobile: "phone" };

/** Where, and with what: "/product/3 · Firefox, phone". */
export function circumstances({ path, query, browser, device_type: device }: LiveEvent): string {
  const agent = [browser, device && (DEVICES[device] ?? device)].filter(Boolean).join(", ");
  return [cut((path ?? "") + (query ? `?${query}` : ""), 80), agent].filter(Boolean).join(" · ");
}

/** Whether somebody did something, which views and what is measured beside are not. */
export const isDeed = ({ type }: LiveEvent): boolean => /^(click|change|submit|track|copy|identify)$/.test(type);

/** The rule that holds of this event and those alike, where its element says one. */
export function ruleOf({ type, element, text, label, name }: LiveEvent): Record<string, unknown> | null {
  if (type === "track" && name) return { on: "track", name };
  if (!element) return null;
  const said = type === "click" && text && text.length <= 60 && text === label ? { text: { op: "is", value: text } } : {};
  return { on: type, css: element, ...said };
}
