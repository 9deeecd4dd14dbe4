// One saved report, for whoever has a link to it.

import { Api, asTrouble } from "../api";
import { shown } from "../answer/shown";
import { fill, h } from "../element";
import { sign } from "../icons";
import { failure, loading, note } from "../parts";
import { themeButton } from "../shell";
import { kindName, type SharedAnswer, span } from "./report";

export function showShared(host: HTMLElement): void {
  let current = new AbortController();
  const show = (): void => {
    current.abort();
    current = new AbortController();
    void open(host, location.hash.slice(1), current.signal);
  };
  addEventListener("hashchange", show);
  show();
}

async function open(host: HTMLElement, token: string, signal: AbortSignal): Promise<void> {
  const main = h("main", { id: "main", class: "shared" }, loading("Computing…"));
  document.title = "Shared report · Backsight";
  fill(host, h("header", { class: "top" }, h("span", { class: "brand" }, sign(), h("span", {}, "Backsight")), h("div", { class: "spacer" }), themeButton(signal)), main);
  if (!token) return fill(main, note("bad", "This link is not whole: what stands behind the # in its address is missing."));
  try {
    const told = await new Api(token).get<SharedAnswer>("shared", signal);
    const { name, report, range, description } = told;
    document.title = `${name} · Backsight`;
    const said = span(range);
    fill(
      main,
      h("div", { class: "heading" }, h("h1", { dir: "auto" }, name), h("span", { class: "badge" }, kindName(report))),
      description && h("p", { class: "lead", dir: "auto" }, description),
      said && h("p", { class: "gist", dir: "auto" }, said),
      h("section", { class: "card" }, shown(told, `${kindName(report)} “${name}”`, signal)),
    );
  } catch (error) {
    if (signal.aborted) return;
    const trouble = asTrouble(error);
    fill(main, trouble.status === 401 || trouble.status === 410 ? note("bad", h("strong", {}, "This link opens nothing any more."), h("p", {}, "It has ended, or was taken back. Ask whoever sent it for another.")) : failure(trouble, () => void open(host, token, signal)));
  }
}
