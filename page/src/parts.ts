// What several views are made of: buttons, messages, things to copy.

import { type Trouble } from "./api";
import { type Child, fill, h } from "./element";
import { type IconName, icon } from "./icons";

/** A button with an icon; its text may be for screen readers alone. */
export function button(text: string, name: IconName | null, pressed: (event: Event) => void, look = "", bare = false): HTMLButtonElement {
  const named = bare ? { "aria-label": text, title: text } : {};
  return h("button", { type: "button", class: `button ${look}${bare ? " bare" : ""}`, onclick: pressed, ...named }, name && icon(name), !bare && h("span", {}, text));
}

export const loading = (words: string): HTMLElement => h("p", { class: "loading", role: "status" }, h("span", { class: "spinner", "aria-hidden": "true" }), words);

export const note = (look: "warn" | "bad" | "good" | "plain", ...children: Child[]): HTMLElement => h("div", { class: `note ${look}` }, children);

/** Where nothing is: what would be, and what to do. */
export const empty = (title: string, ...children: Child[]): HTMLElement => h("div", { class: "empty card" }, h("h2", {}, title), children);

/** What went wrong, in words, and what to do about it. */
export function failure(trouble: Trouble, again?: () => void): HTMLElement {
  const { title, todo } = advice(trouble);
  return h(
    "div",
    { class: "note bad", role: "alert" },
    h("strong", {}, title),
    trouble.detail && trouble.status > 0 && h("p", {}, capital(trouble.detail)),
    todo && h("p", {}, todo),
    again && h("p", {}, button("Try again", null, again)),
  );
}

function advice({ status, valid, after }: Trouble): { title: string; todo: string } {
  if (status === 0) return { title: "The server can't be reached.", todo: "Is it running, and are you online? What you see here stays as it was." };
  if (status === 401) return { title: "This key opens nothing.", todo: "Ask whoever runs Backsight for another." };
  if (status === 403) return { title: "This key may not do that.", todo: valid && `It takes ${valid}.` };
  if (status === 404) return { title: "There is no such thing.", todo: "It may have been renamed or deleted." };
  if (status === 429 || (status === 503 && after)) return { title: "Too much at once.", todo: `Try again in ${after || 5} seconds.` };
  if (status === 503) return { title: "That question is too large.", todo: valid && `What takes less: ${valid}.` };
  if (status === 410) return { title: "That moment can't be asked about any more.", todo: valid };
  if (status >= 500 || status < 0) return { title: "Something broke.", todo: "It is a fault of ours; the server's log says more." };
  return { title: "That can't be answered.", todo: valid && `Valid: ${valid}.` };
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1).replace(/([^.!?…])$/, "$1.");

/** Text in a box, with a button that copies it. */
export function copyable(text: string, label: string): HTMLElement {
  const box = h("pre", { tabindex: 0, "aria-label": label }, text);
  return h("div", { class: "copyable" }, box, copier(text, "Copy", box));
}

/** A button that copies; where the browser forbids it, the text is selected instead. */
export function copier(text: string, words: string, shown?: HTMLElement): HTMLButtonElement {
  const said = h("span", { "aria-live": "polite" }, words);
  const made = h("button", { type: "button", class: "button small copier" }, icon("copy"), said);
  made.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      fill(said, "Copied");
    } catch {
      if (shown) getSelection()?.selectAllChildren(shown);
      fill(said, shown ? "Selected: press Ctrl+C" : "Copying is forbidden here");
    }
    setTimeout(() => fill(said, words), 2500);
  });
  return made;
}

let numbered = 0;

/** An id that nothing else on the page has. */
export const newId = (): string => `b${++numbered}`;

/** A label with its control. */
export function field(label: string, control: HTMLElement, hint?: string): HTMLElement {
  control.id ||= newId();
  return h("div", { class: "field" }, h("label", { for: control.id }, label), control, hint && h("small", {}, hint));
}

/** A choice of a few; a value that is none of them is added as it is. */
export function choice(options: readonly (readonly [string, string])[], value: string, chosen: (value: string) => void): HTMLSelectElement {
  const all = options.some(([known]) => known === value) ? options : [...options, [value, value] as const];
  const select = h("select", {}, all.map(([known, words]) => h("option", { value: known, selected: known === value }, words)));
  select.addEventListener("change", () => chosen(select.value));
  return select;
}
