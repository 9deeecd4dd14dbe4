// What stays as it was on the next page of this tab: where the panel stands, what it shows, whether it is small.

import { attempt } from "../attempt";
import type { Rule } from "./answers";

export type Tab = "point" | "names" | "unnamed";

/** A name whose rules are being changed, also on other pages. */
export interface Draft {
  name: string;
  rules: Rule[];
  description: string;
  /** What was changed, for `If-Match`. */
  etag: string | null;
  /** Another rule is to be pointed at. */
  pointing: boolean;
}

interface View {
  left: boolean;
  small: boolean;
  using: boolean;
  badges: boolean;
  tab: Tab;
  draft: Draft | null;
}

const KEPT = "backsight.definer.view";

/** Not at the side where lines of the page begin. */
const left = getComputedStyle(document.documentElement).direction === "rtl";

export const view: View = {
  left, small: false, using: false, badges: true, tab: "point", draft: null,
  ...attempt(() => JSON.parse(sessionStorage[KEPT] as string) as View),
};

export function keep(changed: Partial<View>): void {
  Object.assign(view, changed);
  attempt(() => (sessionStorage[KEPT] = JSON.stringify(view)));
}

/** The tab forgets that it was ever used to define; the token with it. */
export function forget(): void {
  attempt(() => sessionStorage.removeItem(KEPT));
  attempt(() => sessionStorage.removeItem("backsight.definer"));
}
