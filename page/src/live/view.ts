// What is captured right now: the newest on top, held back while somebody reads.

import type { Trouble } from "../api";
import type { App } from "../app";
import { fill, h } from "../element";
import { counted } from "../figures";
import { icon } from "../icons";
import { failure, loading } from "../parts";
import { isDeed, type LiveEvent } from "./event";
import { hear, type Told } from "./feed";
import { drawRate } from "./rate";
import { type Row, rowOf } from "./row";
import { welcome } from "./welcome";

const MOST_ROWS = 200;
const FILTERS: [string, string, (event: LiveEvent) => boolean][] = [
  ["all", "Everything", () => true],
  ["deeds", "Actions", isDeed],
  ["named", "Named", ({ names }) => names.length > 0],
];

export function showLive(app: App, _rest: string[], host: HTMLElement, signal: AbortSignal): void {
  const list = new LiveList(app);
  const rate = h("div", { class: "rate", role: "img", "aria-label": "Events by minute" });
  const said = h("p", { class: "said" }, "Listening…");
  const trouble = h("div", {});
  const body = h("div", {}, loading("Listening…"));
  let isEmpty = true;
  fill(
    host,
    h(
      "div",
      { class: "heading" },
      h("h1", {}, h("span", { class: "pulse", "aria-hidden": "true" }), "Live"),
      said,
      h("div", { class: "spacer" }),
      list.filter,
      list.toggle,
    ),
    rate,
    trouble,
    body,
  );
  const came = ({ events, minutes }: Told, isFirst: boolean): void => {
    if (events.length && isEmpty) {
      isEmpty = false;
      fill(body, list.element);
      if (!isFirst) app.say("The first event has come.");
    } else if (isFirst) fill(body, welcome(app));
    fill(said, drawRate(rate, minutes));
    if (events.length) list.take(events);
  };
  const failed = (why: Trouble | null): void => {
    host.classList.toggle("deaf", why !== null);
    fill(trouble, why && failure(why));
  };
  void hear(app.api, { came, failed }, signal);
  const timer = setInterval(() => list.tick(), 5_000);
  signal.addEventListener("abort", () => (clearInterval(timer), host.classList.remove("deaf")));
}

/** The rows. What comes while they are pointed at, read or paused is held back and counted. */
class LiveList {
  readonly toggle = h("button", { type: "button", class: "button", "aria-pressed": "false" });
  readonly filter: HTMLElement;
  readonly element: HTMLElement;
  readonly #rows = h("ol", { class: "rows card", "aria-label": "Events, the newest first" });
  readonly #fresh = h("button", { type: "button", class: "button fresh", hidden: true });
  readonly #none = h("p", { class: "none", hidden: true }, "None of these yet.");
  #shown: Row[] = [];
  #known: LiveEvent[] = [];
  #held: LiveEvent[] = [];
  #isPaused = false;
  #accepts = FILTERS[0]![2];

  constructor(private readonly app: App) {
    this.filter = segments(FILTERS.map(([name, words]) => [name, words]), "Which events", (name) => {
      this.#accepts = FILTERS.find(([known]) => known === name)![2];
      this.#redraw();
    });
    this.element = h("div", { class: "stream" }, this.#fresh, this.#rows, this.#none);
    this.toggle.addEventListener("click", () => this.#pause(!this.#isPaused));
    this.#fresh.addEventListener("click", () => this.#release());
    // When the reader has left is seen only after the event that says so.
    const left = (): void => void setTimeout(() => this.#isHeld || this.#release());
    for (const name of ["pointerleave", "focusout"]) this.element.addEventListener(name, left);
    this.element.addEventListener("toggle", left, true);
    this.#pause(false);
  }

  take(events: LiveEvent[]): void {
    this.#held = [...events, ...this.#held].slice(0, 5 * MOST_ROWS);
    if (this.#isHeld) this.#tellHeld();
    else this.#release();
  }

  tick(now = Date.now()): void {
    for (const row of this.#shown) row.tick(now);
  }

  /** Whether somebody reads: points at a row (a finger does not), is in one with the keyboard, or has opened one. */
  get #isHeld(): boolean {
    const isPointedAt = matchMedia("(hover: hover)").matches && this.element.matches(":hover");
    return this.#isPaused || isPointedAt || this.#rows.querySelector(":focus-visible, details[open]") !== null;
  }

  #pause(is: boolean): void {
    this.#isPaused = is;
    this.toggle.setAttribute("aria-pressed", String(is));
    fill(this.toggle, icon(is ? "play" : "pause"), h("span", {}, is ? "Go on" : "Pause"));
    if (!is) this.#release();
  }

  #release(): void {
    const events = this.#held.filter(this.#accepts);
    this.#known = [...this.#held, ...this.#known].slice(0, 5 * MOST_ROWS);
    this.#held = [];
    const fresh = events.slice(0, MOST_ROWS).map((event) => rowOf(this.app, event));
    this.#rows.prepend(...fresh.map(({ element }) => element));
    this.#shown = [...fresh, ...this.#shown];
    for (const { element } of this.#shown.splice(MOST_ROWS)) element.remove();
    this.#tellHeld();
  }

  #redraw(): void {
    this.#held = [...this.#held, ...this.#known];
    this.#known = [];
    this.#shown = [];
    fill(this.#rows);
    this.#release();
  }

  #tellHeld(): void {
    const count = this.#held.filter(this.#accepts).length;
    this.#fresh.hidden = count === 0;
    fill(this.#fresh, icon("up"), `${counted(count, "new event")}`);
    this.#none.hidden = this.#shown.length > 0;
  }
}

function segments(options: [string, string][], label: string, chosen: (name: string) => void): HTMLElement {
  const group = `s${Math.random()}`;
  return h(
    "fieldset",
    { class: "segments", onchange: (event: Event) => chosen((event.target as HTMLInputElement).value) },
    h("legend", { class: "unseen" }, label),
    options.map(([value, words], at) => h("label", {}, h("input", { type: "radio", name: group, value, checked: at === 0 }), h("span", {}, words))),
  );
}
