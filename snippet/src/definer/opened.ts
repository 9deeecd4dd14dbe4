// The screen of one named event: what it counts, its rules and how to change them, repair and deletion.

import type { Named, Rule } from "./answers";
import { Problem } from "./api";
import type { Desk, Screen } from "./desk";
import { difference } from "./difference";
import { outline } from "./frames";
import { figures, forgetHistories, history } from "./history";
import { fill, h, type Child } from "./markup";
import { bearersOf, pathOf } from "./names";
import { button, field, later, note, skeleton, trouble } from "./parts";
import { repairing } from "./repairing";
import { ruleRow } from "./rulerow";
import { keep, view, type Draft } from "./view";
import { day, quoted } from "./words";

export interface Opened extends Screen {
  open(named: Named): void;
}

export function opened(desk: Desk): Opened {
  const element = h("section", { class: "screen" });
  const days = history(desk, undefined, (preview) => figures(preview, saved?.name));
  const change = difference(desk);
  const rules = h("div", { class: "rules" });
  const end = h("div", { class: "end" });
  let saved: Named | undefined;
  let turn = 0;
  /** Rules whose selector, as it is typed, is none: nothing is saved that is not shown. */
  const unreadable = new Set<number>();
  const weighLater = later(weigh);

  /** Its saved version is asked for; a draft of an earlier page goes on. */
  async function open(named: Named): Promise<void> {
    const mine = ++turn;
    fill(element, back(), h("h2", {}, named.name), skeleton(4));
    try {
      const { answer, etag } = await desk.api.ask<Named>("GET", pathOf(named.name));
      if (mine === turn) show({ ...desk.names.get(named.name), ...answer }, etag);
    } catch (error) {
      if (mine === turn) fill(element, back(), h("h2", {}, named.name), trouble(error as Problem, () => void open(named)));
    }
  }

  function show(named: Named, etag: string | null): void {
    saved = named;
    const draft = view.draft?.name === named.name && view.draft.etag === etag ? view.draft : fresh(named, etag);
    keep({ draft: { ...draft, pointing: false } });
    const description = h("textarea", { rows: 2, placeholder: "what it means, for others", on: { input: () => edit({ description: description.value }) } });
    description.value = draft.description;
    fill(element, back(), h("h2", { tabindex: -1 }, named.name), repairing(desk, named, etag, reopened) ?? silence(named), days.element,
      h("h3", { class: "label" }, "What counts"), rules, h("div", { class: "buttons" }, button("Add a rule by pointing", addByPointing)),
      field("Description", description), change.element, end);
    void days.show(named.rules);
    draw();
    element.querySelector("h2")!.focus();
  }

  const fresh = ({ name, rules: given, description }: Named, etag: string | null): Draft => ({ name, rules: given, description, etag, pointing: false });

  const back = (): HTMLElement => button("‹ All names", () => leave(), "quiet back");

  function leave(): void {
    keep({ draft: null });
    desk.open();
  }

  function edit(changed: Partial<Draft>): void {
    keep({ draft: { ...view.draft!, ...changed } });
    finish();
  }

  /** The rules as they are in the draft, and what that changes. */
  function draw(): void {
    const { rules: given } = view.draft!;
    unreadable.clear();
    fill(rules, ...given.map((rule, i) => ruleRow(rule, (css) => retype(i, css), () => remove(i), given.length > 1)));
    weigh();
    finish();
  }

  function retype(index: number, css: string | undefined): void {
    unreadable[css === undefined ? "add" : "delete"](index);
    if (css !== undefined) edit({ rules: view.draft!.rules.map((rule, i) => (i === index ? { ...rule, css } : rule)) });
    else finish();
    change.expect();
    weighLater();
  }

  function remove(index: number): void {
    edit({ rules: view.draft!.rules.filter((_, i) => i !== index) });
    draw();
  }

  function weigh(): void {
    const draft = view.draft;
    if (!draft || draft.name !== saved!.name) return;
    outline("match", bearersOf(draft.rules));
    if (isChanged(draft.rules)) void change.show(draft.rules, saved!.rules);
    else change.element.replaceChildren();
  }

  const isChanged = (given: Rule[]): boolean => JSON.stringify(given) !== JSON.stringify(saved!.rules);

  function finish(...problem: Child[]): void {
    const draft = view.draft!;
    const dirty = isChanged(draft.rules) || draft.description !== saved!.description;
    fill(end, ...problem, h("div", { class: "buttons" },
      dirty && !unreadable.size && button("Save the change", () => void save(), "strong"),
      dirty && button("Undo", () => show(saved!, resetDraft()), "quiet"),
      button("Delete…", confirm, "quiet bad")));
  }

  function resetDraft(): string | null {
    const { etag } = view.draft!;
    keep({ draft: null });
    return etag;
  }

  async function save(): Promise<void> {
    const { name, rules: given, description, etag } = view.draft!;
    try {
      const { answer, etag: next } = await desk.api.ask<Named>("PUT", pathOf(name), {
        body: { rules: given, description },
        headers: { "if-match": etag ?? "*" },
      });
      reopened(answer, next);
    } catch (error) {
      finish(refusal(error as Problem));
    }
  }

  function reopened(answer: Named, etag: string | null): void {
    forgetHistories();
    keep({ draft: null });
    desk.names.put(answer.name, answer);
    show(answer, etag);
    desk.say(`Saved ${answer.name}`);
    element.prepend(note("good", h("p", {}, "Saved. It holds for all of history.")));
  }

  function refusal(error: Problem): HTMLElement {
    if (error.status !== 412) return trouble(error);
    return note("warn", h("p", {}, "Somebody else has changed it meanwhile."), button("Show their version", () => {
      keep({ draft: null });
      void open(saved!);
    }));
  }

  function confirm(): void {
    fill(end, note("warn", h("p", {}, `Delete ${quoted(saved!.name)}? What was captured stays; reports that use the name will say that it is missing.`),
      h("div", { class: "buttons" }, button("Delete it", () => void erase(), "bad strong"), button("Keep it", () => finish()))));
    end.querySelector<HTMLElement>("button")?.focus();
  }

  async function erase(): Promise<void> {
    try {
      await desk.api.ask("DELETE", pathOf(saved!.name), { headers: { "if-match": view.draft!.etag ?? "*" } });
      forgetHistories();
      desk.names.put(saved!.name, null);
      desk.say(`Deleted ${saved!.name}`);
      leave();
    } catch (error) {
      finish(refusal(error as Problem));
    }
  }

  function addByPointing(): void {
    keep({ draft: { ...view.draft!, pointing: true } });
    desk.point();
  }

  return { element, open: (named) => void open(named), hidden: () => outline("match", []) };
}

function silence({ activity }: Named): HTMLElement | null {
  if (!activity?.silent_since) return null;
  return note("warn", h("p", {}, activity.words ?? `Nothing has borne this name since ${day(activity.silent_since)}.`));
}
