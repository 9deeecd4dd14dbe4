// Small parts that the screens are put together from.

import type { Problem } from "./api";
import { h, type Act, type Child } from "./markup";

export const button = (words: string, on: Act, kind = "", given: Record<string, string | boolean> = {}): HTMLButtonElement =>
  h("button", { class: `button ${kind}`, on, ...given }, words);

/** Lines that stand for what is being asked for. */
export const skeleton = (lines = 1): HTMLElement =>
  h("div", { class: "skeleton", "aria-hidden": "true" }, ...Array.from({ length: lines }, () => h("i")));

/** What went wrong, in words, and how to try again. */
export const trouble = (problem: Problem, again?: Act): HTMLElement =>
  h("div", { class: "trouble", role: "alert" }, h("p", {}, problem.message), again && button("Try again", again));

export const note = (kind: string, ...children: Child[]): HTMLElement => h("div", { class: `note ${kind}` }, ...children);

/** A line of code with a button that copies it. */
export function copyable(code: string): HTMLElement {
  const text = h("code", {}, code);
  const press = button("Copy", () => void copied(), "quiet", { "aria-label": `Copy ${code}` });
  async function copied(): Promise<void> {
    try {
      await navigator.clipboard.writeText(code);
      press.textContent = "Copied";
    } catch {
      getSelection()?.selectAllChildren(text); // Pages without TLS have no clipboard: the reader copies it.
      press.textContent = "Selected";
    }
  }
  return h("div", { class: "copyable" }, text, press);
}

/** A switch with its words. */
export function toggle(words: string, isOn: boolean, changed: (isOn: boolean) => void): HTMLButtonElement {
  const flip: Act = (_, element) => {
    const next = element.getAttribute("aria-checked") !== "true";
    element.setAttribute("aria-checked", String(next));
    changed(next);
  };
  return h("button", { class: "switch", role: "switch", "aria-checked": String(isOn), on: flip }, h("span", { class: "knob" }), words);
}

export const field = (words: string, control: HTMLElement): HTMLElement => h("label", { class: "field" }, h("span", {}, words), control);

/** A choice among a few; its value is the index. */
export function choice(label: string, options: string[], chosen: (index: number) => void): HTMLSelectElement {
  const select = h(
    "select",
    { "aria-label": label, on: { input: (_, element) => chosen((element as HTMLSelectElement).selectedIndex) } },
    ...options.map((words) => h("option", {}, words)),
  );
  return select;
}

/** Typing is given a moment before anything is asked. */
const PAUSE_MS = 350;

/** Does something once nothing has called for it any more for so long. */
export function later(action: () => void, ms = PAUSE_MS): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(action, ms);
  };
}
