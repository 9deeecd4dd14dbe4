// Puts the definer together: what is heard goes to the screen on which elements are pointed at, what is named is shown on the page.

import { lineage } from "../dom";
import { global } from "../global";
import type { Api } from "./api";
import type { Named, Permission } from "./answers";
import type { Desk, Screen } from "./desk";
import { meantOf } from "./finding";
import { badgeLayer, cover, drawBadges, isFrame, outline, stopDrawing, type Badge } from "./frames";
import { tell, type Ears } from "./hearing";
import { check, shadow } from "./host";
import { h } from "./markup";
import { bearersOf, namesFrom } from "./names";
import { listed } from "./listed";
import { opened } from "./opened";
import { panel, SHORTCUT } from "./panel";
import { button, note } from "./parts";
import { pointing } from "./pointing";
import { unnamed } from "./unnamed";
import { keep, view, type Tab } from "./view";
import { counted, describeShort, figure, quoted } from "./words";

/** As many elements of one name are badged, the first with its count. */
const BADGES = 3;
const LOOK_MS = 400;

/** A page that changes all the time, with many names, gives us at most one part in so many of its time. */
const SHARE = 30;

export function define(api: Api, site: Permission, close: () => void): { stop: () => void } {
  const names = namesFrom(api);
  const desk: Desk = {
    api,
    names,
    site,
    say: (words) => frame.say(words),
    open: (named) => (named ? openName(named) : go("names")),
    point(element) {
      go("point");
      point.letGo();
      if (element) point.hold(element);
    },
    define(...given) {
      go("point");
      point.take(...given);
    },
  };
  const frame = panel(site.site, { use, go, close });
  const point = pointing(desk, invitation);
  const name = opened(desk);
  const list = listed(desk, () => badge());
  const screens: Record<Tab, Screen> = { point, names: list, unnamed: unnamed(desk) };
  let shown: Screen | undefined;

  function go(tab: Tab): void {
    keep({ tab });
    show(tab, screens[tab]);
  }

  function show(tab: Tab, screen: Screen): void {
    shown?.hidden?.();
    shown = screen;
    frame.show(tab, screen.element);
    screen.shown?.();
  }

  function openName(named: Named): void {
    keep({ tab: "names", small: false });
    frame.refresh();
    show("names", name);
    name.open(named);
  }

  /** The core captures what is done with the page, and nothing while it is pointed at. */
  function use(using: boolean): void {
    keep({ using });
    global.paused = !using;
    frame.refresh();
    if (using) point.letGo();
    badgeLayer.classList.toggle("using", using);
    desk.say(using ? "Clicks go to the page" : "Clicks are held");
  }

  const ears: Ears = {
    over(target) {
      cover(isFrame(target) ? target : null, () => ears.hold(target, false));
      const meant = meantOf(lineage(target));
      if (shown === point && meant === point.held) return outline("hover", []);
      const born = names.bornBy(meant).map((named) => quoted(named.name, 30));
      outline("hover", [meant], [describeShort(meant), ...born].join(" · "));
    },
    hold(target, byKey) {
      keep({ small: false });
      frame.refresh();
      if (shown !== point) go("point");
      point.hold(target);
      if (byKey) point.focus();
    },
    letGo: () => shown === point && point.letGo(true),
    toggle: () => use(!view.using),
    out: () => outline("hover", []),
  };

  function invitation(): HTMLElement {
    const { draft } = view;
    if (draft?.pointing) {
      return note("info", h("p", {}, `Point at what ${quoted(draft.name)} should count as well, and click it.`),
        button("Go back to it", () => desk.open(names.get(draft.name)), "quiet"));
    }
    const here = (names.all ?? []).filter(({ rules }) => bearersOf(rules).length).length;
    return h("div", { class: "invitation" }, h("h2", {}, "Point at something and click it"),
      h("p", {}, "The page does not hear of the click. You see how often that was clicked in the last 90 days, and give it a name."),
      h("ul", { class: "keys" }, h("li", {}, h("kbd", {}, "Esc"), " lets go"), h("li", {}, h("kbd", {}, SHORTCUT), " uses the page, and points again"),
        h("li", {}, h("kbd", {}, "Tab"), " then ", h("kbd", {}, "Enter"), " points without a mouse")),
      names.all && h("p", { class: "muted" }, here ? `${counted(here, "name")} on this page.` : "Nothing on this page has a name yet."));
  }

  function badge(): void {
    drawBadges(view.badges ? (names.all ?? []).flatMap(badgesOf) : []);
  }

  const badgesOf = (named: Named): Badge[] =>
    bearersOf(named.rules).slice(0, BADGES).map((element, i) => {
      const count = i === 0 && named.activity ? figure(named.activity.events) : undefined;
      return { element, words: named.name, count, title: `Open ${named.name}`, open: () => openName(named) };
    });

  /** Pages change without a word: what is gone is let go of, and badges go where their names are. */
  let seen = "";
  let next = 0;
  function look(): void {
    check();
    point.check();
    const now = `${document.getElementsByTagName("*").length} ${location.href}`;
    const began = performance.now();
    if (now === seen || began < next) return;
    seen = now;
    badge();
    next = began + SHARE * (performance.now() - began);
  }
  const looking = setInterval(look, LOOK_MS);

  names.onChange(() => {
    frame.count(names.all?.length ?? 0);
    badge();
    point.invite();
  });
  shadow.append(frame.element);
  go(view.draft?.pointing ? "point" : view.tab);
  if (view.tab === "names" && view.draft) openName({ ...view.draft, version: 0 });
  use(view.using);
  tell(ears);
  void names.load();

  return {
    stop() {
      clearInterval(looking);
      tell(undefined);
      stopDrawing();
      global.paused = false;
    },
  };
}

