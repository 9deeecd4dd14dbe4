// What a site without events shows: the line that goes into its pages.

import type { App } from "../app";
import { fill, h } from "../element";
import { copyable } from "../parts";

/** The first steps; they go away by themselves when the first event comes. */
export function welcome(app: App): HTMLElement {
  const line = h("div", {});
  void tellLine(app, line);
  return h(
    "section",
    { class: "welcome card", "aria-label": "First steps" },
    h("h2", {}, "Your first click, within seconds"),
    h("ol", {},
      h("li", {}, h("p", {}, "Put this line into the ", h("code", {}, "<head>"), " of your pages:"), line),
      h("li", {}, h("p", {}, "Open one of them and click something. It appears here by itself.")),
      h("li", {}, h("p", {}, "Name what matters afterwards: a name holds for all that was captured before, too.")),
    ),
    h("p", { class: "waiting", role: "status" }, h("span", { class: "pulse", "aria-hidden": "true" }), "Waiting for the first event…"),
  );
}

async function tellLine(app: App, host: HTMLElement): Promise<void> {
  const key = app.site.write_key;
  const script = new URL("backsight.js", document.baseURI).href;
  const isHere = await fetch(script, { method: "HEAD", credentials: "omit" }).then(({ ok }) => ok, () => false);
  if (key && isHere) return fill(host, copyable(`<script async src="${script}" data-key="${key}"></script>`, "The line for your pages"));
  const where = isHere ? script : "https://YOUR-COLLECTOR/backsight.js";
  fill(
    host,
    copyable(`<script async src="${where}" data-key="${key ?? "wk_…"}"></script>`, "The line for your pages"),
    !isHere && h("p", {}, h("small", {}, "Captures are taken in by another server than this one: put its address there.")),
    !key && h("p", {}, h("small", {}, "The site has no write key: ", h("code", {}, "backsight keys create"), " makes one.")),
  );
}
