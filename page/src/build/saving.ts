// Saves the question under a name.

import { asTrouble, inPath } from "../api";
import { type App, hashOf } from "../app";
import { fill, h } from "../element";
import { button, failure, field, note } from "../parts";
import type { Question } from "./question";

/** The form; `done` gets the name under which it was saved. */
export function saving(app: App, question: Question, done: (name: string) => void): HTMLElement {
  const name = h("input", { type: "text", required: true, maxlength: 200, value: question.saved, autocomplete: "off", dir: "auto" });
  const description = h("input", { type: "text", maxlength: 1000, autocomplete: "off", dir: "auto" });
  const said = h("div", { "aria-live": "polite" });
  const save = async (isReplacing: boolean): Promise<void> => {
    const wanted = name.value.trim();
    const { report, request } = question;
    try {
      await app.api.ask("PUT", `saved/${inPath(wanted)}`, { body: { report, request, description: description.value.trim() }, ...(isReplacing ? {} : { headers: { "if-none-match": "*" } }) });
      app.say(`Saved as ${wanted}.`);
      fill(said, note("good", "Saved as ", h("a", { href: hashOf("reports", wanted), dir: "auto" }, wanted), "."));
      done(wanted);
    } catch (error) {
      const trouble = asTrouble(error);
      fill(said, trouble.status === 412 ? taken(wanted, () => void save(true)) : failure(trouble));
    }
  };
  return h(
    "form",
    { class: "card saving", onsubmit: (event: Event) => (event.preventDefault(), void save(false)) },
    h("h2", {}, "Save this report"),
    h("div", { class: "grid" }, field("Name", name), field("What it is for (may be empty)", description)),
    h("div", { class: "deeds" }, h("button", { type: "submit", class: "button strong" }, "Save")),
    said,
  );
}

const taken = (name: string, replace: () => void): HTMLElement =>
  note("warn", h("p", {}, "There is a report ", h("strong", { dir: "auto" }, name), " already. Its older versions are kept."), button("Replace it", null, replace));
