import { close } from "./batch";
import { settlePageview } from "./page";

/** Closes the open batch, with the pageview that may still wait for its title. */
export function closeBatch(): void {
  settlePageview();
  close();
}
