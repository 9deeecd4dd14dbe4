// A field that completes: what is typed narrows a list, from which one is chosen with the keyboard, mouse or finger.
// After the pattern of https://www.w3.org/WAI/ARIA/apg/patterns/combobox/

import { fill, h } from "../element";
import { newId } from "../parts";

export interface Option<T> {
  words: string;
  /** Stands beside it. */
  beside?: string;
  value: T;
}

export interface Combobox {
  element: HTMLElement;
  input: HTMLInputElement;
}

const MOST = 50;

export function combobox<T>(label: string, options: () => Option<T>[], chosen: (value: T) => void, given: { shown?: string; placeholder?: string; free?: (text: string) => T } = {}): Combobox {
  const listId = newId();
  const input = h("input", {
    type: "text", role: "combobox", "aria-expanded": "false", "aria-controls": listId, "aria-autocomplete": "list", "aria-label": label, autocomplete: "off",
    spellcheck: "false", placeholder: given.placeholder, dir: "auto",
  });
  input.value = given.shown ?? "";
  const list = h("ul", { id: listId, role: "listbox", "aria-label": label, hidden: true });
  let found: Option<T>[] = [];
  let active = -1;

  const open = (all: boolean): void => {
    const typed = all ? "" : input.value.trim().toLowerCase();
    found = options().filter(({ words }) => words.toLowerCase().includes(typed)).slice(0, MOST);
    if (given.free && typed && !found.some(({ words }) => words.toLowerCase() === typed)) {
      found.push({ words: input.value.trim(), beside: "as typed", value: given.free(input.value.trim()) });
    }
    active = typed && found.length ? 0 : -1;
    fill(list, found.map(optionOf), found.length === 0 && h("li", { class: "none", role: "presentation" }, typed ? "No name has that in it." : "Nothing to choose from yet."));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    mark();
  };
  const close = (): void => {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const choose = (option: Option<T> | undefined): void => {
    if (!option) return;
    close();
    input.value = given.shown === undefined ? "" : option.words;
    chosen(option.value);
  };
  const mark = (): void => {
    [...list.children].forEach((each, at) => each.setAttribute("aria-selected", String(at === active)));
    const marked = active < 0 ? undefined : list.children[active];
    if (!marked) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", marked.id);
    marked.scrollIntoView({ block: "nearest" });
  };
  const optionOf = (option: Option<T>, at: number): HTMLElement =>
    h(
      "li",
      // The field keeps the focus: a list that closed before the click would not get it.
      { id: `${listId}-${at}`, role: "option", "aria-selected": "false", onmousedown: (event: Event) => event.preventDefault(), onclick: () => choose(option) },
      h("span", { dir: "auto" }, option.words),
      option.beside && h("small", {}, option.beside),
    );
  const keys: Record<string, () => void> = {
    ArrowDown: () => (list.hidden ? open(true) : ((active = (active + 1) % Math.max(1, found.length)), mark())),
    ArrowUp: () => (list.hidden ? open(true) : ((active = (active <= 0 ? found.length : active) - 1), mark())),
    Enter: () => (list.hidden ? open(true) : choose(found[active])),
    Escape: () => {
      if (given.shown !== undefined) input.value = given.shown;
      close();
    },
  };
  input.addEventListener("keydown", (event) => {
    const act = event.isComposing ? undefined : keys[event.key];
    if (!act) return;
    if (event.key !== "Escape" || !list.hidden) event.preventDefault();
    act();
  });
  input.addEventListener("input", () => open(false));
  input.addEventListener("click", () => open(true));
  input.addEventListener("focus", () => input.select());
  input.addEventListener("blur", () => {
    if (given.shown !== undefined) input.value = given.shown;
    close();
  });
  return { element: h("div", { class: "combobox" }, input, list), input };
}
