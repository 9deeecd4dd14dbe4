import { close } from "./batch";
import { work } from "./idle";
import { settlePageview } from "./page";

/** Closes the open batch, with the pageview that may still wait for its title. */
export function closeBatch(): void {
  settlePageview();
  work();
  close();
}
