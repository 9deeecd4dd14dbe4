import { close, open } from "./batch";
import { settlePageview, viewPending } from "./page";

/** Closes the open batch, with the pageview that may still wait for its title. */
export function closeBatch(): void {
  if (viewPending()) settlePageview(open());
  close();
}
