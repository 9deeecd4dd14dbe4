// What can be chosen beside names: window, range, what is counted, by what it is broken down.

import { h } from "../element";
import { choice, field } from "../parts";
import { labelOf, span } from "../reports/report";
import { combobox, type Option } from "./combobox";
import { others, type Question, withField } from "./question";
import { stepsEditor } from "./steps";

export interface Known {
  steps: Option<unknown>[];
  properties: Option<string>[];
}

/** Takes the question as it is changed, and which control keeps the focus. */
export type Changed = (question: Question, focus?: string) => void;

const WINDOWS = [["30m", "30 minutes"], ["1h", "1 hour"], ["1d", "1 day"], ["7d", "7 days"], ["14d", "14 days"], ["30d", "30 days"], ["90d", "90 days"]] as const;
const RANGES = [["7d", "Last 7 days"], ["30d", "Last 30 days"], ["90d", "Last 90 days"], ["365d", "Last 12 months"], ["", "All of history"]] as const;
const COUNTS = [["persons", "Persons"], ["sessions", "Sessions"], ["totals", "All attempts"]] as const;
const PERIODS = [["day", "Days"], ["week", "Weeks"], ["month", "Months"]] as const;

export function controls(question: Question, known: Known, changed: Changed): HTMLElement {
  const set = (name: string, value: unknown): void => changed(withField(question, name, value), name);
  const { request } = question;
  const common = [
    field("Range", focused("from", choice(ranges(request), String(request.from ?? ""), (from) => set("from", from || undefined)))),
    ...(question.report === "funnel"
      ? [
          field("Within", focused("window", choice(WINDOWS, String(request.window ?? "14d"), (window) => set("window", window)))),
          field("Count", focused("count", choice(COUNTS, String(request.count ?? "persons"), (count) => set("count", count === "persons" ? undefined : count)))),
        ]
      : retentionChoices(question, set)),
    breakdown(question, known, set),
  ];
  return h("div", { class: "controls" }, question.report === "funnel" ? funnelSteps(question, known, changed) : retentionSteps(question, known, set), h("div", { class: "grid" }, common), kept(question));
}

const funnelSteps = (question: Question, known: Known, changed: Changed): HTMLElement =>
  h("fieldset", {}, h("legend", {}, "Steps, in this order"), stepsEditor(question.request.steps as unknown[], () => known.steps, (steps, focus) => changed(withField(question, "steps", steps), focus)));

function retentionSteps({ request }: Question, known: Known, set: (name: string, value: unknown) => void): HTMLElement {
  const of = (name: string, label: string): HTMLElement => {
    const made = combobox(label, () => known.steps, (step) => set(name, step), { shown: request[name] ? labelOf(request[name]) : "", placeholder: "Type a name…" });
    made.input.dataset.focus = name;
    return h("div", { class: "field" }, h("span", { class: "label", "aria-hidden": "true" }, label), made.element);
  };
  return h("fieldset", {}, h("legend", {}, "Who comes back"), of("start", "Began with"), of("return", "Came back to do"));
}

function retentionChoices({ request }: Question, set: (name: string, value: unknown) => void): HTMLElement[] {
  const most = h("input", { type: "number", min: 2, max: 60, value: String(request.periods ?? 12), inputmode: "numeric" });
  most.addEventListener("change", () => set("periods", Math.min(60, Math.max(2, Math.round(Number(most.value)) || 2))));
  return [
    field("By", focused("period", choice(PERIODS, String(request.period ?? "day"), (period) => set("period", period)))),
    field("How many", focused("periods", most)),
  ];
}

function breakdown({ request }: Question, known: Known, set: (name: string, value: unknown) => void): HTMLElement {
  const given = request.breakdown as { by?: unknown[] } | null | undefined;
  const shown = [given?.by ?? []].flat().join(", ");
  const chosen = (by: string): void => set("breakdown", by ? { ...given, by: [by], limit: 6 } : undefined);
  const options = (): Option<string>[] => [{ words: "Nothing", value: "" }, ...known.properties];
  const made = combobox("Broken down by", options, chosen, { shown, placeholder: "Nothing", free: (text) => text });
  made.input.dataset.focus = "breakdown";
  return h("div", { class: "field" }, h("span", { class: "label", "aria-hidden": "true" }, "Broken down by"), made.element);
}

/** What else the question says. */
function kept(question: Question): HTMLElement | null {
  const all = others(question);
  return all.length
    ? h("p", { class: "footnote" }, "Also asked, as it was given: ", all.map(([name, value], at) => [at > 0 && ", ", h("code", { dir: "auto" }, `${name}: ${JSON.stringify(value)}`)]), ".")
    : null;
}

function focused<E extends HTMLElement>(name: string, control: E): E {
  control.dataset.focus = name;
  return control;
}

/** A range that is none of the usual ones says so. */
const ranges = ({ from, to }: { from?: unknown; to?: unknown }): readonly (readonly [string, string])[] =>
  !from || RANGES.some(([known]) => known === from) ? RANGES : [...RANGES, [String(from), capitalised(span({ from, to }))]];

const capitalised = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);
