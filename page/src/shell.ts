// The frame around all views: where one can go, and who is looking.

import { type App, type View, hashOf, placeOf } from "./app";
import { showBuilder } from "./build/view";
import { fill, h } from "./element";
import { showEvents } from "./events/view";
import { type IconName, icon, sign } from "./icons";
import { showLive } from "./live/view";
import { button } from "./parts";
import { showReports } from "./reports/view";
import { onTheme, theme, toggleTheme } from "./theme";

const VIEWS: Record<string, { title: string; icon: IconName; view: View }> = {
  live: { title: "Live", icon: "live", view: showLive },
  events: { title: "Events", icon: "events", view: showEvents },
  reports: { title: "Reports", icon: "reports", view: showReports },
  build: { title: "Build", icon: "build", view: showBuilder },
};

/** Shows the page behind the key, and follows its address. */
export function showShell(app: App, host: HTMLElement, spoken: HTMLElement, left: () => void): void {
  const whole = new AbortController();
  const main = h("main", { id: "main", tabindex: -1 });
  const links = Object.entries(VIEWS).map(([name, { title, icon: drawn }]) => h("a", { href: hashOf(name), "data-view": name }, icon(drawn), h("span", {}, title)));
  const leave = (): void => {
    whole.abort();
    history.replaceState(null, "", location.pathname);
    left();
  };
  fill(
    host,
    h("a", { class: "skip", href: "#main", onclick: (event: Event) => (event.preventDefault(), main.focus()) }, "Skip to content"),
    h(
      "header",
      { class: "top" },
      h("a", { class: "brand", href: hashOf("live") }, sign(), h("span", {}, "Backsight")),
      h("nav", { "aria-label": "Views" }, links),
      h("span", { class: "site", title: "The site that this key opens" }, app.site.site),
      themeButton(whole.signal),
      button("Forget the key", "exit", leave, "", true),
    ),
    main,
    spoken,
  );
  follow(app, main, links, whole.signal);
}

export function themeButton(signal: AbortSignal): HTMLButtonElement {
  const made = button("", "moon", toggleTheme, "", true);
  const show = (): void => {
    const other = theme() === "dark" ? "light" : "dark";
    fill(made, icon(other === "dark" ? "moon" : "sun"));
    for (const name of ["aria-label", "title"]) made.setAttribute(name, `Switch to ${other}`);
  };
  onTheme(show, signal);
  show();
  return made;
}

function follow(app: App, main: HTMLElement, links: HTMLElement[], signal: AbortSignal): void {
  let shown = "";
  let current = new AbortController();
  let update: ReturnType<View>;
  const go = (first = false): void => {
    const [given = "", ...rest] = placeOf(location.hash);
    const name = given in VIEWS ? given : "live";
    if (name === shown && update) return update(rest);
    current.abort();
    current = new AbortController();
    const { title, view } = VIEWS[name]!;
    for (const link of links) {
      if (link.dataset.view === name) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    document.title = `${title} · ${app.site.site} · Backsight`;
    fill(main);
    main.className = name;
    shown = name;
    update = view(app, rest, main, current.signal);
    if (!first) {
      scrollTo(0, 0);
      main.focus({ preventScroll: true });
    }
  };
  addEventListener("hashchange", () => go(), { signal });
  signal.addEventListener("abort", () => current.abort());
  go(true);
}
