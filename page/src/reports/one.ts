// One saved report, drawn afresh; what can be done with it.

import { asTrouble, inPath } from "../api";
import { type App, hashOf } from "../app";
import { shown } from "../answer/shown";
import { handOver } from "../build/handover";
import { isBuildable } from "../build/question";
import { fill, h } from "../element";
import { icon } from "../icons";
import { button, failure, loading } from "../parts";
import { gist, kindName, type Saved, type SavedAnswer } from "./report";
import { sharing } from "./sharing";

export async function showReport(app: App, name: string, host: HTMLElement, signal: AbortSignal): Promise<void> {
  const body = h("div", {}, loading("Computing…"));
  const back = h("a", { href: hashOf("reports"), class: "back" }, icon("back"), "Reports");
  fill(host, back, h("div", { class: "heading" }, h("h1", { dir: "auto" }, name)), body);
  try {
    const path = `saved/${inPath(name)}`;
    const [told, saved] = await Promise.all([app.api.get<SavedAnswer>(`${path}/answer`, signal), app.api.get<Saved>(path, signal)]);
    const said = gist(saved.report, saved.request);
    const aside = h("div", { class: "aside" });
    fill(
      host,
      back,
      h("div", { class: "heading" }, h("h1", { dir: "auto" }, name), h("span", { class: "badge" }, kindName(saved.report)), h("div", { class: "spacer" }), deeds(app, saved, aside)),
      saved.description && h("p", { class: "lead", dir: "auto" }, saved.description),
      said && h("p", { class: "gist", dir: "auto" }, said),
      aside,
      h("section", { class: "card" }, shown(told, `${kindName(saved.report)} “${name}”`, signal)),
      handOver(saved.report, saved.request),
    );
  } catch (error) {
    if (!signal.aborted) fill(body, failure(asTrouble(error), () => void showReport(app, name, host, signal)));
  }
}

/** What may be done with it; what the key may not do is not offered. */
function deeds(app: App, saved: Saved, aside: HTMLElement): HTMLElement {
  const may = app.may("define");
  return h(
    "div",
    { class: "deeds" },
    isBuildable(saved.report) && h("a", { class: "button", href: hashOf("build", saved.report, JSON.stringify(saved.request), saved.name) }, icon("change"), h("span", {}, "Change")),
    may && button("Share", "share", () => fill(aside, sharing(app, saved.name))),
    may && button("Delete", "trash", () => fill(aside, deletion(app, saved, aside)), "", true),
  );
}

function deletion(app: App, { name, version }: Saved, aside: HTMLElement): HTMLElement {
  const remove = async (): Promise<void> => {
    try {
      await app.api.ask("DELETE", `saved/${inPath(name)}`, { headers: { "if-match": `"${version}"` } });
      app.say(`${name} was deleted.`);
      location.hash = hashOf("reports");
    } catch (error) {
      fill(aside, failure(asTrouble(error)));
    }
  };
  return h(
    "div",
    { class: "note warn", role: "alert" },
    h("strong", {}, "Delete this report?"),
    h("p", {}, "Links to it stop working. What it was computed from stays."),
    h("p", { class: "deeds" }, button("Delete it", "trash", () => void remove(), "danger"), button("Keep it", null, () => fill(aside))),
  );
}
