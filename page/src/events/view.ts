// Named events: how often they happen, and how they are.

import { asTrouble } from "../api";
import { type App, hashOf } from "../app";
import { fill, h } from "../element";
import { counted, daysAgo, figure } from "../figures";
import { empty, failure, loading, newId } from "../parts";
import { sparkline } from "../sparkline";
import { examined } from "./doctor";
import { DAYS, healthOf, type Named, ordered } from "./named";
import { showEvent } from "./one";
import { unnamed } from "./unnamed";

export function showEvents(app: App, rest: string[], host: HTMLElement, signal: AbortSignal): (rest: string[]) => void {
  let current = new AbortController();
  const show = ([name]: string[]): void => {
    current.abort();
    current = new AbortController();
    if (name) void showEvent(app, name, host, current.signal);
    else list(app, host, current.signal);
    scrollTo(0, 0);
  };
  signal.addEventListener("abort", () => current.abort());
  show(rest);
  return show;
}

function list(app: App, host: HTMLElement, signal: AbortSignal): void {
  const body = h("div", {}, loading("Looking…"));
  const id = newId();
  const filter = h("input", { type: "search", id, placeholder: "Find a name", autocomplete: "off" });
  const finding = h("div", { class: "finding", hidden: true }, h("label", { for: id, class: "unseen" }, "Find a name"), filter);
  fill(host, h("div", { class: "heading" }, h("h1", {}, "Events"), h("p", { class: "said" }, `the last ${DAYS} days`), h("div", { class: "spacer" }), finding), examined(app, signal), body, unnamed(app, signal));
  void fillList(app, body, filter, finding, signal);
}

async function fillList(app: App, body: HTMLElement, filter: HTMLInputElement, finding: HTMLElement, signal: AbortSignal): Promise<void> {
  try {
    const { events } = await app.api.get<{ events: Named[] }>(`events?activity=${DAYS}`, signal);
    if (!events.length) return fill(body, none());
    const rows = ordered(events).map((event) => [event.name.toLowerCase(), rowOf(event)] as const);
    const nothing = h("p", { class: "none", role: "status", hidden: true }, "No name has that in it.");
    finding.hidden = events.length < 6;
    filter.addEventListener("input", () => {
      const wanted = filter.value.trim().toLowerCase();
      for (const [name, row] of rows) row.hidden = !name.includes(wanted);
      nothing.hidden = rows.some(([, row]) => !row.hidden);
    });
    fill(body, h("ul", { class: "rows card names", "aria-label": "Named events" }, rows.map(([, row]) => row)), nothing);
  } catch (error) {
    if (!signal.aborted) fill(body, failure(asTrouble(error), () => (fill(body, loading("Looking…")), void fillList(app, body, filter, finding, signal))));
  }
}

function rowOf(event: Named): HTMLLIElement {
  const { name, description, activity } = event;
  const health = healthOf(event);
  return h(
    "li",
    {},
    h(
      "a",
      { href: hashOf("events", name), class: "name" },
      h("span", { class: "said" }, h("strong", { dir: "auto" }, name), description && h("span", { class: "soft", dir: "auto" }, description)),
      sparkline(activity.daily),
      h("span", { class: "count" }, h("strong", {}, figure(activity.events)), ` by ${counted(activity.persons, "person")}`),
      h("span", { class: "last" }, activity.last ? daysAgo(activity.last) : "—"),
      h("span", { class: `badge ${health.look}` }, health.words),
    ),
  );
}

const none = (): HTMLElement =>
  empty("Nothing has a name yet", h("p", {}, "Everything is captured all the same. Give names when you need them: they hold for all of history."), h("p", {}, "Open an event in ", h("a", { href: hashOf("live") }, "Live"), " and press “Name this”, or begin with what is clicked most, below."));
