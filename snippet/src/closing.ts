import { close } from "./batch";
import { guarded } from "./guard";
import { work } from "./idle";
import { settlePageview } from "./page";
import { drain } from "./transport";

/** Closes the open batch, with the pageview that may still wait for its title. */
export function closeBatch(): void {
  settlePageview();
  work();
  close();
}

/** Sends now what has been captured. */
export const flush = guarded(() => {
  closeBatch();
  drain();
});
