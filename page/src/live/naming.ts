// How an event gets a name: by pointing at its element with the definer, or by a rule.

import { asTrouble } from "../api";
import type { App } from "../app";
import { fill, h } from "../element";
import { counted } from "../figures";
import { button, copyable, failure, field, loading } from "../parts";
import { literal } from "../python";
import { type LiveEvent, ruleOf } from "./event";

/** What is offered of an event; null where there is nothing to name it by. */
export function naming(app: App, event: LiveEvent): HTMLElement | null {
  const rule = ruleOf(event);
  if (!rule) return null;
  const host = h("div", { class: "naming" });
  const open = button("Name this", "track", () => fill(host, ...ways(app, event, rule)), "small");
  host.append(open);
  return host;
}

function ways(app: App, event: LiveEvent, rule: Record<string, unknown>): HTMLElement[] {
  const reach = h("p", { class: "reach", role: "status" }, loading("Counting…"));
  void count(app, rule, reach);
  const python = `site.define("A name", rules=[${literal(rule)}])`;
  return [
    h("h3", {}, "Name this"),
    h("p", {}, "A name holds for all of history, also for what was captured before it was given."),
    ...(event.element ? [byPointing(app, event)] : []),
    h("p", {}, "Or by this rule, in Python:"),
    copyable(python, "Python that names it"),
    h("p", {}, "The same as JSON, for ", h("code", {}, "PUT /v1/events/NAME"), ":"),
    copyable(JSON.stringify({ rules: [rule] }), "The rule as JSON"),
    reach,
  ];
}

async function count(app: App, rule: Record<string, unknown>, host: HTMLElement): Promise<void> {
  try {
    const { events, persons } = await app.api.post<{ events: number; persons: number }>("events/preview", { rules: [rule] });
    fill(host, `So far this rule holds of ${counted(events, "event")} by ${counted(persons, "person")}.`);
  } catch (error) {
    fill(host, failure(asTrouble(error)));
  }
}

/** Opens the definer on the event's page, where the key may make links to it. */
function byPointing(app: App, { host: given, path }: LiveEvent): HTMLElement {
  const host = given ?? "";
  const scheme = /^(localhost|127\.|\[::1\])/.test(host) ? "http" : "https";
  const url = `${scheme}://${host}${path ?? "/"}`;
  if (!app.may("define")) {
    return h("div", {}, h("p", {}, "Point at it on the page itself: whoever has a key with the scope ", h("code", {}, "define"), " makes a link with"),
      copyable(`backsight define ${url}`, "The command that makes the link"));
  }
  const address = h("input", { type: "url", value: url, required: true, spellcheck: "false" });
  const said = h("div", { "aria-live": "polite" });
  const make = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      const link = await app.api.post<{ url: string }>("definer/links", { url: address.value });
      fill(said, /^https?:/.test(link.url) && h("p", {}, h("a", { class: "button strong small", href: link.url, target: "_blank", rel: "noopener noreferrer" }, "Open the definer on that page")),
        h("small", {}, "The link lasts an hour, and whoever has it may define events until then."));
    } catch (error) {
      fill(said, failure(asTrouble(error)));
    }
  };
  return h("form", { onsubmit: make, class: "pointing" }, field("Point at it on this page", address), h("button", { type: "submit", class: "button small" }, "Make a link"), said);
}
