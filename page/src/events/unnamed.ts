// What is clicked most and bears no name yet.

import { asTrouble, type Json } from "../api";
import type { App } from "../app";
import { fill, h } from "../element";
import { counted, figure, quoted } from "../figures";
import { icon } from "../icons";
import { copyable, failure } from "../parts";
import { literal } from "../python";

interface Unnamed {
  words: string;
  text: string | null;
  events: number;
  persons: number;
  pages: { path: string | null; events: number }[];
  name: string;
  rule: Json | null;
}

const LIMIT = 8;

/** Filled when they are known; stays empty where there are none. */
export function unnamed(app: App, signal: AbortSignal): HTMLElement {
  const host = h("section", { class: "unnamed" });
  void find(app, host, signal);
  return host;
}

async function find(app: App, host: HTMLElement, signal: AbortSignal): Promise<void> {
  try {
    const { elements } = await app.api.get<{ elements: Unnamed[] }>(`elements?limit=${LIMIT}`, signal);
    if (elements.length) fill(host, h("h2", {}, "Clicked often, not named yet"), h("ul", { class: "rows card" }, elements.map(rowOf)));
  } catch (error) {
    if (!signal.aborted) fill(host, h("h2", {}, "Clicked often, not named yet"), failure(asTrouble(error), () => void find(app, host, signal)));
  }
}

function rowOf({ words, events, persons, pages, name, rule }: Unnamed): HTMLElement {
  const where = pages.slice(0, 3).map(({ path }) => path ?? "?").join(", ");
  return h(
    "li",
    {},
    h(
      "details",
      {},
      h(
        "summary",
        {},
        h("span", { class: "kind click" }, icon("click")),
        h("span", { class: "said", dir: "auto" }, words.replace(/^this /, "")),
        h("span", { class: "where", dir: "auto" }, where + (pages.length > 3 ? ", …" : "")),
        h("span", { class: "count" }, h("strong", {}, figure(events)), ` by ${counted(persons, "person")}`),
      ),
      h(
        "div",
        { class: "more" },
        rule
          ? [
              h("p", {}, "Name it by pointing at it on its page (", h("code", {}, "backsight define URL"), "), or in Python:"),
              copyable(`site.define(${literal(name)}, rules=[${literal(rule)}])`, `Python that names ${quoted(name)}`),
            ]
          : h("p", {}, "No rule tells it from others: name it by pointing at it on its page (", h("code", {}, "backsight define URL"), ")."),
      ),
    ),
  );
}
