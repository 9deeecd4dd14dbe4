// Gives a rule a name, and says what that name then counts.

import { Problem } from "./api";
import type { Named, Preview, Rule } from "./answers";
import type { Desk } from "./desk";
import { forgetHistories } from "./history";
import { fill, h, set } from "./markup";
import { pathOf } from "./names";
import { button, copyable, note, trouble } from "./parts";
import { amount as amountOf, quoted } from "./words";

export interface Saving {
  readonly element: HTMLElement;
  /** Begins anew, with nothing typed; `rule` is asked for when it is saved. */
  begin(): void;
  /** A name to begin with, or another one as long as nobody has typed. */
  suggest(name: string): void;
  /** What saving would count; undefined while that is asked for. */
  counts(preview: Preview | undefined): void;
}

const FROM_NOW = "None in the last 90 days; it counts from now on.";

/** `rule` says what is saved; `finished` is given what to show once it is. */
export function saving(desk: Desk, rule: () => Rule | undefined, finished: (...words: Node[]) => void): Saving {
  const element = h("div", { class: "saving" });
  const problem = h("div");
  const amount = h("span", { class: "amount" });
  const name = h("input", { "aria-label": "Name of the event", maxlength: 200, placeholder: "Name it", on: { input: typed, keydown: entered } });
  const description = h("textarea", { rows: 2, "aria-label": "Description", placeholder: "what it means, for others" });
  const press = h("button", { class: "button strong", on: () => void save() }, "Save");
  const more = h("details", {}, h("summary", {}, "Describe it"), description);
  let preview: Preview | undefined;
  let suggested = "";

  function begin(): void {
    name.value = suggested = "";
    description.value = "";
    fill(problem);
    fill(element, h("div", { class: "inline" }, name, press), amount, more, problem);
    typed();
  }

  function suggest(given: string): void {
    if (name.value === suggested) name.value = given;
    suggested = given;
    typed();
  }

  function typed(): void {
    set(press, { disabled: !name.value.trim() });
  }

  function entered(event: Event): void {
    if ((event as KeyboardEvent).key === "Enter" && !(event as KeyboardEvent).isComposing && name.value.trim()) void save();
  }

  async function save(): Promise<void> {
    const chosen = rule();
    const given = name.value.trim();
    if (!chosen || press.disabled) return;
    set(press, { disabled: true });
    fill(press, "Saving…");
    try {
      const body = { rules: [chosen], description: description.value.trim() };
      const { answer } = await desk.api.ask<Named>("PUT", pathOf(given), { body, headers: { "if-none-match": "*" } });
      done(answer);
    } catch (error) {
      fill(problem, refusal(error as Problem, given));
      problem.scrollIntoView({ block: "nearest" });
    } finally {
      fill(press, "Save");
      typed();
    }
  }

  function refusal(error: Problem, given: string): HTMLElement {
    if (error.status !== 412) return trouble(error);
    const existing = desk.names.get(given);
    return note("warn", h("p", {}, `There is already an event called ${quoted(given)}.`),
      h("div", { class: "buttons" }, button("Open it", () => desk.open(existing ?? { name: given, rules: [], description: "", version: 0 })),
        button("Choose another name", () => name.select(), "quiet")));
  }

  function done(saved: Named): void {
    forgetHistories();
    desk.names.put(saved.name, saved);
    const before = !preview ? "It holds for all of history." : preview.events ? `${amountOf(preview)} in the last 90 days count already.` : FROM_NOW;
    const heading = h("h2", { tabindex: -1 }, `${quoted(saved.name, 60)} is defined`);
    finished(
      note("good", heading, h("p", {}, before)),
      h("p", { class: "muted" }, "Every report knows it from now on."),
      h("div", { class: "buttons" }, button("Define another", () => desk.point(), "strong"), button("Open it", () => desk.open(saved))),
      h("details", { class: "use" }, h("summary", {}, "How to ask for it"),
        h("p", {}, "A funnel in Python:"), copyable(`site.funnel([{"on": "pageview"}, ${JSON.stringify(saved.name)}])`),
        h("p", {}, "The same over HTTP, to POST /v1/reports/funnel:"), copyable(JSON.stringify({ steps: [{ on: "pageview" }, saved.name] }))),
    );
    heading.focus();
    desk.say(`Saved ${saved.name}. ${before}`);
  }

  function counts(next: Preview | undefined): void {
    preview = next;
    fill(amount, !next ? "Counting…" : next.events ? `Counts ${amountOf(next)} already` : FROM_NOW);
  }

  return { element, begin, suggest, counts };
}
