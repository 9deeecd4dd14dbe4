// Saved reports: the list of them, and each of them drawn.

import { asTrouble } from "../api";
import { type App, hashOf } from "../app";
import { fill, h } from "../element";
import { day } from "../figures";
import { icon } from "../icons";
import { empty, failure, loading } from "../parts";
import { showReport } from "./one";
import { gist, kindName, type Saved } from "./report";

export function showReports(app: App, rest: string[], host: HTMLElement, signal: AbortSignal): (rest: string[]) => void {
  let current = new AbortController();
  const show = ([name]: string[]): void => {
    current.abort();
    current = new AbortController();
    if (name) showReport(app, name, host, current.signal);
    else void list(app, host, current.signal);
    scrollTo(0, 0);
  };
  signal.addEventListener("abort", () => current.abort());
  show(rest);
  return show;
}

async function list(app: App, host: HTMLElement, signal: AbortSignal): Promise<void> {
  const body = h("div", {}, loading("Looking…"));
  const build = h("a", { href: hashOf("build"), class: "button strong" }, icon("add"), h("span", {}, "New report"));
  fill(host, h("div", { class: "heading" }, h("h1", {}, "Reports"), h("div", { class: "spacer" }), build), body);
  try {
    const { saved } = await app.api.get<{ saved: Saved[] }>("saved", signal);
    fill(body, saved.length ? h("ul", { class: "cards" }, saved.map(cardOf)) : none());
  } catch (error) {
    if (!signal.aborted) fill(body, failure(asTrouble(error), () => void list(app, host, signal)));
  }
}

function cardOf({ name, report, request, description, at, broken }: Saved): HTMLElement {
  return h(
    "li",
    {},
    h(
      "a",
      { href: hashOf("reports", name), class: "card report" },
      h("span", { class: "badge" }, kindName(report)),
      h("strong", { dir: "auto" }, name),
      h("span", { class: "gist", dir: "auto" }, gist(report, request)),
      description && h("span", { class: "soft", dir: "auto" }, description),
      broken && h("span", { class: "badge warn" }, "can't be asked at present"),
      h("small", {}, `saved ${day(at)}`),
    ),
  );
}

const none = (): HTMLElement =>
  empty("No report is saved yet", h("p", {}, "Build a funnel or a retention and save it; or save any result in Python, with ", h("code", {}, "site.save(\"A name\", result)"), "."), h("p", {}, h("a", { href: hashOf("build"), class: "button strong" }, "Build one")));
