// Builds a funnel or a retention by choosing names, and draws it at once. The address holds the question.

import { asTrouble } from "../api";
import type { App } from "../app";
import type { Answered } from "../answer/answered";
import { shown } from "../answer/shown";
import { add, fill, h } from "../element";
import { button, failure, loading } from "../parts";
import { gist, kindName } from "../reports/report";
import { handOver } from "./handover";
import { loadProperties, loadSteps } from "./known";
import { controls, type Known } from "./options";
import { addressOfQuestion, begun, isWhole, type Kind, type Question, questionAt } from "./question";
import { saving } from "./saving";

const SETTLED_MS = 250;

export function showBuilder(app: App, rest: string[], host: HTMLElement, signal: AbortSignal): (rest: string[]) => void {
  const builder = new Builder(app, host, signal);
  builder.take(questionAt(rest));
  return (next) => builder.take(questionAt(next));
}

class Builder {
  readonly #form = h("section", { class: "card form", "aria-label": "The question" });
  readonly #result = h("section", { class: "result", "aria-label": "The answer" });
  readonly #known: Known = { steps: [], properties: [] };
  #question: Question = begun("funnel");
  #asked = "";
  #asking = new AbortController();
  #timer = 0;

  constructor(
    private readonly app: App,
    host: HTMLElement,
    private readonly signal: AbortSignal,
  ) {
    fill(host, h("div", { class: "heading" }, h("h1", {}, "Build a report")), h("div", { class: "builder" }, this.#form, this.#result));
    signal.addEventListener("abort", () => (this.#asking.abort(), clearTimeout(this.#timer)));
    void this.#load();
  }

  /** Shows a question, as its address says it. */
  take(question: Question, focus?: string): void {
    this.#question = question;
    this.#draw(focus);
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.#ask(), this.#asked ? SETTLED_MS : 0);
  }

  readonly #changed = (question: Question, focus?: string): void => {
    history.pushState(null, "", addressOfQuestion(question));
    this.take(question, focus);
  };

  async #load(): Promise<void> {
    try {
      const properties = loadProperties(this.app.api, this.signal);
      properties.catch(() => undefined);
      this.#known.steps = await loadSteps(this.app.api, this.signal);
      this.#reopen();
      this.#known.properties = await properties;
      this.#reopen();
    } catch (error) {
      if (!this.signal.aborted) add(this.#form, failure(asTrouble(error), () => void this.#load()));
    }
  }

  #draw(focus?: string): void {
    fill(this.#form, this.#kinds(), controls(this.#question, this.#known, this.#changed));
    if (focus) (this.#control(focus) ?? this.#control(opposite(focus)) ?? this.#control("add"))?.focus();
  }

  /** A list that is open shows what has come to be known. */
  #reopen(): void {
    this.#form.querySelector("[aria-expanded=true]")?.dispatchEvent(new Event("input"));
  }

  #control(name: string): HTMLElement | null {
    return this.#form.querySelector(`[data-focus="${name}"]:not(:disabled)`);
  }

  #kinds(): HTMLElement {
    const kind = (report: Kind): HTMLElement =>
      h("label", {}, h("input", { type: "radio", name: "report", value: report, checked: this.#question.report === report, "data-focus": report, onchange: () => this.#changed(begun(report), report) }), h("span", {}, kindName(report)));
    return h("fieldset", { class: "segments" }, h("legend", { class: "unseen" }, "Which report"), kind("funnel"), kind("retention"));
  }

  async #ask(): Promise<void> {
    const { report, request } = this.#question;
    const asked = JSON.stringify([report, request]);
    if (asked === this.#asked) return;
    this.#asked = asked;
    this.#asking.abort();
    if (!isWhole(this.#question)) return fill(this.#result, hint(report));
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    this.#result.setAttribute("aria-busy", "true");
    if (!this.#result.querySelector(".answered")) fill(this.#result, loading("Computing…"));
    try {
      const told = await this.app.api.post<Answered>(`reports/${report}/spec`, request, signal);
      fill(this.#result, h("div", { class: "card" }, shown(told, `${kindName(report)}: ${gist(report, request)}`, signal)), this.#save(), handOver(report, request));
      this.app.say(`${kindName(report)} computed.`);
    } catch (error) {
      if (signal.aborted) return;
      this.#asked = "";
      fill(this.#result, failure(asTrouble(error), () => void this.#ask()));
    }
    this.#result.removeAttribute("aria-busy");
  }

  /** A button that opens the form, for those who may save. */
  #save(): HTMLElement | null {
    if (!this.app.may("define")) return null;
    const host = h("div", { class: "deeds" });
    const open = button(this.#question.saved ? "Save changes" : "Save", "check", () => {
      const form = saving(this.app, this.#question, (name) => {
        this.#question = { ...this.#question, saved: name };
        history.replaceState(null, "", addressOfQuestion(this.#question));
      });
      fill(host, form);
      form.querySelector("input")?.focus();
    }, "strong");
    fill(host, open);
    return host;
  }
}

/** Of a step that is first or last now, the button that still moves it. */
const opposite = (focus: string): string => (focus.startsWith("up-") ? focus.replace("up", "down") : focus.replace("down", "up"));

const hint = (report: Kind): HTMLElement =>
  h(
    "div",
    { class: "empty card" },
    h("h2", {}, report === "funnel" ? "How many get from one step to the next?" : "How many come back?"),
    h("p", {}, report === "funnel" ? "Choose two or more names, in the order in which people do them." : "Choose what people begin with, and what they come back to do."),
  );
