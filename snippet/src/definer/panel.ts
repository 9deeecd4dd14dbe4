// The panel around the screens: its head, the switch between pointing and using the page, and the tabs.

import { fill, h, icon, set } from "./markup";
import { shadow } from "./host";
import { toggle } from "./parts";
import { rove, roving } from "./roving";
import { keep, view, type Tab } from "./view";

export const SHORTCUT = "Alt+Shift+P";

const TABS: [Tab, string][] = [
  ["point", "Point"],
  ["names", "Names"],
  ["unnamed", "Not named yet"],
];

const SIDES = "M2 3h12v10H2zM6 3v10";
const SMALLER = "M3 12h10";
const LARGER = "M3 3h10v10H3z";
const CLOSE = "M4 4l8 8M12 4l-8 8";

export interface Panel {
  readonly element: HTMLElement;
  /** Shows a screen's element, with the tab that it belongs to chosen. */
  show(tab: Tab, screen: HTMLElement): void;
  /** The mode, the size or the side has changed. */
  refresh(): void;
  count(names: number): void;
  say(words: string): void;
}

interface Wishes {
  use(using: boolean): void;
  go(tab: Tab): void;
  close(): void;
}

export function panel(site: string, wishes: Wishes): Panel {
  const live = h("div", { class: "live", role: "status", "aria-live": "polite" });
  const using = toggle("Use the page", view.using, wishes.use);
  const amount = h("span", { class: "amount" });
  const body = h("div", { class: "body", role: "tabpanel", id: "body", tabindex: -1 });
  const tabs = TABS.map(([tab, words]) =>
    h("button", { role: "tab", "aria-controls": "body", id: `tab-${tab}`, on: () => wishes.go(tab) }, `${words} `, tab === "names" && amount));
  const smaller = iconButton("", SMALLER, () => {
    keep({ small: !view.small });
    refresh();
  });
  const element = h(
    "aside",
    { class: "panel", role: "region", "aria-label": "Backsight definer", lang: "en" },
    h("header", {},
      h("span", { class: "brand", title: `Site: ${site}` }, mark(), "Backsight", h("span", { class: "site" }, site)),
      iconButton("Move to the other side", SIDES, () => {
        keep({ left: !view.left });
        refresh();
      }),
      smaller,
      iconButton("Close the definer", CLOSE, wishes.close)),
    h("div", { class: "mode" }, using, h("kbd", { class: "keys" }, SHORTCUT)),
    h("div", { class: "tabs", role: "tablist", on: { keydown: roving(() => tabs, (index) => wishes.go(TABS[index]![0])) } }, ...tabs),
    body,
    live,
  );

  function show(tab: Tab, screen: HTMLElement): void {
    const index = TABS.findIndex(([each]) => each === tab);
    tabs.forEach((each, i) => each.setAttribute("aria-selected", String(i === index)));
    rove(tabs, index);
    set(body, { "aria-labelledby": `tab-${tab}` });
    const hadFocus = body.contains(shadow.activeElement);
    fill(body, screen);
    if (hadFocus && !shadow.activeElement) body.focus();
    body.scrollTop = 0;
  }

  function refresh(): void {
    const { left, small } = view;
    element.classList.toggle("left", left);
    element.classList.toggle("small", small);
    set(using, { "aria-checked": String(view.using) });
    const words = small ? "Make the panel larger" : "Make the panel small";
    set(smaller, { "aria-label": words, title: words, "aria-expanded": String(!small) });
    fill(smaller, icon(small ? LARGER : SMALLER));
  }

  refresh();
  return {
    element,
    show,
    refresh,
    count: (names) => fill(amount, names),
    say: (words) => fill(live, words),
  };
}

const iconButton = (words: string, path: string, on: () => void): HTMLButtonElement =>
  h("button", { class: "plain", "aria-label": words, title: words, on }, icon(path));

/** A sight: what one looks back through. */
export const mark = (): SVGElement => icon("M8 1v4M8 11v4M1 8h4M11 8h4M8 8h.01");
