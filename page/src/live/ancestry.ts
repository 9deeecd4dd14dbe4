// The elements around an element, from the outermost in: the trie tells them, asked in SQL.

import type { App } from "../app";
import { fill, h } from "../element";
import { cut } from "../figures";
import type { LiveEvent } from "./event";

const AROUND = `
with recursive up as (
  select parent_id, depth, tag, attributes from nodes where node_id = cast($node as bigint)
  union all
  select n.parent_id, n.depth, n.tag, n.attributes from nodes n join up on n.node_id = up.parent_id
)
select tag, attributes from up order by depth`;

type Told = { rows: [tag: string, attributes: Record<string, string | null>][] };

/** Shows the element itself at once, and those around it when they are known. */
export function ancestry(app: App, { element = "", node_id: node }: LiveEvent): HTMLElement {
  const host = h("ol", { class: "ancestry" }, itemOf(element));
  if (node) void tell(app, node, element, host);
  return host;
}

async function tell(app: App, node: string, element: string, host: HTMLElement): Promise<void> {
  try {
    const { rows } = await app.api.post<Told>("sql", { sql: AROUND, params: { node } });
    if (rows.length) fill(host, rows.slice(0, -1).map(([tag, attributes]) => itemOf(crumbOf(tag, attributes))), itemOf(element));
  } catch {
    // Without them the element alone says what it is.
  }
}

const itemOf = (words: string): HTMLElement => h("li", {}, h("code", {}, cut(words, 80)));

/** A tag with what tells it apart at a glance. */
function crumbOf(tag: string, { id, class: classes }: Record<string, string | null>): string {
  const first = classes?.trim().split(/\s+/)[0];
  return tag + (id ? `#${id}` : first ? `.${first}` : "");
}
