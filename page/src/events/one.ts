// One named event: how it fares, what it means, and what to ask about it.

import { asTrouble, inPath } from "../api";
import { type App, hashOf } from "../app";
import type { Answered } from "../answer/answered";
import { shown } from "../answer/shown";
import { fill, h } from "../element";
import { counted, day } from "../figures";
import { icon } from "../icons";
import { copyable, failure, loading, note } from "../parts";
import { literal } from "../python";
import { DAYS, healthOf, type Named } from "./named";
import { ruleWords } from "./rules";

export async function showEvent(app: App, name: string, host: HTMLElement, signal: AbortSignal): Promise<void> {
  const back = h("a", { href: hashOf("events"), class: "back" }, icon("back"), "Events");
  const body = h("div", { class: "stack" }, loading("Looking…"));
  const heading = h("div", { class: "heading" }, h("h1", { dir: "auto" }, name));
  fill(host, back, heading, body);
  try {
    const { events } = await app.api.get<{ events: Named[] }>(`events?activity=${DAYS}`, signal);
    const event = events.find((each) => each.name === name);
    if (!event) return fill(body, note("bad", `There is no named event “${name}”. It may have been renamed or deleted.`));
    const health = healthOf(event);
    const chart = h("section", { class: "card" }, loading("Computing…"));
    fill(heading, h("h1", { dir: "auto" }, name), h("span", { class: `badge ${health.look}` }, health.words), h("div", { class: "spacer" }), asking(name));
    fill(body, event.description && h("p", { class: "lead", dir: "auto" }, event.description), silence(event), chart, meaning(event));
    await draw(app, name, chart, signal);
  } catch (error) {
    if (!signal.aborted) fill(body, failure(asTrouble(error), () => void showEvent(app, name, host, signal)));
  }
}

async function draw(app: App, name: string, host: HTMLElement, signal: AbortSignal): Promise<void> {
  const series = [{ event: name, label: "events" }, { event: name, measure: "persons", label: "persons" }];
  try {
    const told = await app.api.post<Answered>("reports/trend/spec", { series, interval: "day", from: `${DAYS}d` }, signal);
    fill(host, shown({ ...told, tables: [] }, `“${name}” by day, its events and persons`, signal));
  } catch (error) {
    if (!signal.aborted) fill(host, failure(asTrouble(error), () => void draw(app, name, host, signal)));
  }
}

/** Why nothing comes any more, and what took its place. */
function silence({ activity, repair, version, rules, name }: Named): HTMLElement | null {
  if (!activity.words) return null;
  const repaired = repair && { rules: [...rules, repair.rule] };
  return note(
    "warn",
    h("p", { dir: "auto" }, activity.words),
    repair && [
      h("p", {}, "This rule takes up what took its place: ", h("strong", { dir: "auto" }, ruleWords(repair.rule)), `. It found ${counted(repair.found.events, "event")} by ${counted(repair.found.persons, "person")} since.`),
      copyable(`site.define(${literal(name)}, rules=${literal(repaired?.rules)})  # after version ${version}`, "Python that takes it up"),
    ],
  );
}

const asking = (name: string): HTMLElement =>
  h(
    "div",
    { class: "deeds" },
    h("a", { class: "button", href: hashOf("build", "funnel", JSON.stringify({ steps: [name], window: "14d", from: "30d" })) }, icon("build"), h("span", {}, "Funnel from here")),
    h("a", { class: "button", href: hashOf("build", "retention", JSON.stringify({ start: name, return: name, period: "week", periods: 8, from: "90d" })) }, icon("reports"), h("span", {}, "Who comes back")),
  );

function meaning({ rules, version, at, name, activity }: Named): HTMLElement {
  return h(
    "section",
    { class: "card meaning" },
    h("h2", {}, "What it means"),
    h("ul", { class: "rules" }, rules.map((rule) => h("li", { dir: "auto" }, h("code", {}, ruleWords(rule))))),
    h("p", { class: "footnote" }, `Version ${version}, of ${day(at)}. ${counted(activity.events, "event")} by ${counted(activity.persons, "person")} in ${DAYS} days. The API tells it at `, h("code", {}, `GET /v1/events/${inPath(name)}`), "."),
  );
}
