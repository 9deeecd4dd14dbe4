// Where the definer stands: a closed shadow tree in an element of its own, in the top layer, so that nothing of the
// page lies over it. It comes back when the page wipes it away, and goes to where the page is not inert.

import { attempt } from "../attempt";
import { outermostOf, parentOf, rootOf } from "../dom";
import { trees } from "./finding";
import style from "./style.css";

const HOST = "backsight-definer";

/** Its own events are never captured. */
export const host = Document.prototype.createElement.call(document, HOST);
export const shadow = host.attachShadow({ mode: "closed" });

/** Under a policy without inline styles, sheets that scripts construct are still let in. */
const sheet = new CSSStyleSheet();
sheet.replaceSync(style);
const zooming = new CSSStyleSheet();
shadow.adoptedStyleSheets = [sheet, zooming];

const changes = new MutationObserver(settle);
/** Set while the page is given time, so that a page that keeps removing us is not fought over in a loop. */
let waiting = 0;

export function stand(): void {
  host.setAttribute("data-backsight-ignore", "");
  host.setAttribute("popover", "manual");
  place();
  changes.observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ["open"] });
}

export function leave(): void {
  changes.disconnect();
  cancelAnimationFrame(waiting);
  host.remove();
}

/** Above what else the page has put into the top layer since. */
export function raise(): void {
  const focused = shadow.activeElement as HTMLElement | null;
  attempt(() => host.hidePopover());
  attempt(() => host.showPopover());
  focused?.focus({ preventScroll: true });
}

/** No event says that a modal dialog of a shadow tree has made the rest inert: asks what is seen where the panel is. */
export function check(): void {
  const { x, y } = shadow.querySelector(".panel")!.getBoundingClientRect();
  if ((rootOf(host) as Document).elementFromPoint(x + 20, y + 20) !== host) place();
}

function settle(): void {
  if (!waiting && (!host.isConnected || parentOf(host) !== home())) waiting = requestAnimationFrame(place);
}

export function place(): void {
  waiting = 0;
  const parent = home();
  if (parent && parentOf(host) !== parent) Element.prototype.append.call(parent, host);
  raise();
  unzoom();
}

/** The innermost modal dialog, what is shown in full screen, or the root element: outside of it all is inert. */
function home(): Element | null {
  const modal = trees().flatMap((tree) => [...tree.querySelectorAll("dialog:modal")]);
  return modal.filter((dialog) => !dialog.contains(host) || parentOf(host) === dialog).pop() ?? fullscreen() ?? outermostOf(document);
}

/** A film or a frame has nothing inside that is drawn. */
const fullscreen = (): Element | undefined => {
  const shown = document.fullscreenElement;
  return shown && !shown.matches("video,iframe,object,embed,img,canvas") ? shown : undefined;
};

/** `zoom` on the root element would scale the panel, and put frames in the wrong place. */
function unzoom(): void {
  zooming.replaceSync("");
  const zoom = (host as { currentCSSZoom?: number }).currentCSSZoom ?? 1;
  if (zoom !== 1) zooming.replaceSync(`:host{zoom:${1 / zoom}!important}`);
}
