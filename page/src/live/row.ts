// One event of the list; opened, it says all that is known of it.

import { type App, hashOf } from "../app";
import { fill, h } from "../element";
import { ago, cut, moment } from "../figures";
import { icon } from "../icons";
import { circumstances, iconOf, type LiveEvent, sentence } from "./event";
import { ancestry } from "./ancestry";
import { naming } from "./naming";

export interface Row {
  readonly element: HTMLLIElement;
  readonly event: LiveEvent;
  /** Says how long ago it was. */
  tick(now: number): void;
}

export function rowOf(app: App, event: LiveEvent): Row {
  const when = h("time", { datetime: event.time, title: moment(event.time) }, ago(event.time));
  const more = h("div", { class: "more" });
  const details = h(
    "details",
    {},
    h(
      "summary",
      {},
      h("span", { class: `kind ${event.type}` }, icon(iconOf(event))),
      h("span", { class: "said" }, h("span", { class: "sentence", dir: "auto" }, sentence(event)), chips(event.names)),
      h("span", { class: "where", dir: "auto" }, circumstances(event)),
      when,
    ),
    more,
  );
  details.addEventListener("toggle", () => {
    if (details.open && !more.hasChildNodes()) fill(more, known(app, event), naming(app, event));
  });
  return {
    event,
    element: h("li", {}, details),
    tick: (now) => {
      const words = ago(event.time, now);
      if (when.textContent !== words) when.textContent = words;
    },
  };
}

const chips = (names: string[]): HTMLElement[] => names.map((name) => h("span", { class: "chip", dir: "auto" }, cut(name, 40)));

/** What is known of it, as terms and their descriptions. */
function known(app: App, event: LiveEvent): HTMLElement {
  const facts: [string, string | null | undefined][] = [
    ["Page", [event.host, event.path, event.query && `?${event.query}`].filter(Boolean).join("")],
    ["Title", event.title],
    ["Text", event.text],
    ["Name for screen readers", event.label !== event.text ? event.label : null],
    ["Leads to", event.href],
    ["System", [event.browser, event.os, event.device_type].filter(Boolean).join(", ")],
    ["Time", moment(event.time)],
    ...Object.entries(event.props ?? {}).map(([name, value]): [string, string] => [name, typeof value === "string" ? value : JSON.stringify(value)]),
  ];
  const named = event.names.map((name) => h("a", { href: hashOf("events", name), class: "chip", dir: "auto" }, name));
  return h(
    "dl",
    { class: "facts" },
    named.length > 0 && [h("dt", {}, "Counts as"), h("dd", {}, named)],
    facts.flatMap(([term, value]) => (value ? [h("dt", { dir: "auto" }, cut(term, 60)), h("dd", { dir: "auto" }, cut(value, 400))] : [])),
    event.element && [h("dt", {}, "Element"), h("dd", {}, ancestry(app, event))],
  );
}
