// Hears what happens before the page does. While elements are pointed at, clicks are kept from the page; what happens in
// the panel is kept from it always, and told to the panel's parts from here: page code that stops events on their way into
// the panel (focus traps of dialogs do), or takes typing for its shortcuts, never sees them.

import { isElement, listenTo } from "../dom";
import { host, place, raise, shadow } from "./host";
import { acts, ACTS } from "./markup";
import { view } from "./view";

export interface Ears {
  /** The pointer is over an element, or a key moved the focus to one. */
  over(target: Element): void;
  /** An element was clicked, or Enter or Space pressed on it. `byKey`: the keyboard is used. */
  hold(target: Element, byKey: boolean): void;
  /** Escape: says whether there was anything to let go of. */
  letGo(): boolean;
  /** The shortcut that switches between pointing and using the page. */
  toggle(): void;
  /** The pointer has left the page. */
  out(): void;
}

/** What the page must not receive of a click while elements are pointed at. */
const HELD = new Set("pointerdown pointerup mousedown mouseup touchstart touchend click auxclick dblclick dragstart submit".split(" "));
const MOVES = new Set("pointerover pointermove pointerout mouseover mousemove mouseout".split(" "));
const OWN = new Set("keydown keyup keypress input beforeinput change focus blur focusin focusout copy cut paste contextmenu wheel toggle beforetoggle".split(" "));

const ending = new AbortController();
let ears: Ears | undefined;

/** From now on what happens in the panel stays there. */
export function startHearing(): void {
  const options = { capture: true, passive: false, signal: ending.signal };
  for (const type of [...HELD, ...MOVES, ...OWN]) listenTo(window, type, hear, options);
  listenTo(window, "toggle", (event: Event) => event.target !== host && raise(), options); // A dialog or a popover of the page came on top.
  listenTo(document, "fullscreenchange", place, options);
  listenTo(document, "mouseleave", () => ears?.out(), options);
}

/** Who is told of what happens on the page; nobody: all of it is the page's. */
export function tell(listener: Ears | undefined): void {
  ears = listener;
}

export const stopHearing = (): void => ending.abort();

function hear(event: Event): void {
  if (isOurs(event)) keepOurs(event);
  else if (ears && event.isTrusted) hearPage(event, ears);
}

/** What had the focus of the page, and what was selected, before the panel took it. */
let left: HTMLElement | undefined;
let selected: Range | undefined;

function remember({ relatedTarget }: FocusEvent): void {
  if (relatedTarget) left = relatedTarget as HTMLElement;
  const selection = getSelection();
  if (selection?.rangeCount && !selection.isCollapsed) selected = selection.getRangeAt(0).cloneRange();
}

/** The page gets back what the panel took of it, and hears as little of that as of the loss. */
export function returnFocus(): void {
  if (!shadow.activeElement) return;
  left?.focus({ preventScroll: true });
  if (selected) getSelection()?.removeAllRanges();
  if (selected) getSelection()?.addRange(selected);
}

/** The panel may stand in a dialog of a shadow tree, whose host is then the target that the window is told. */
const isInPanel = (event: Event): boolean => event.composedPath().includes(host);

const isOurs = (event: Event): boolean => isInPanel(event) || (event as FocusEvent).relatedTarget === host;

/** Stops an event where it begins, and lets the part of the panel that it is for do its work. */
function keepOurs(event: Event): void {
  event.stopImmediatePropagation();
  if (!isInPanel(event)) return;
  if (/^(pointerdown|focusin)$/.test(event.type)) remember(event as FocusEvent);
  if (event.type === "pointerover") ears?.out();
  const key = event.type === "keydown" ? (event as KeyboardEvent) : undefined;
  if (key && ears && isShortcut(key)) return act(event, ears.toggle);
  const inner = innerTarget(event);
  for (let each: Element | null = inner; each; each = each.parentElement) {
    const action = acts.get(each)?.[event.type as (typeof ACTS)[number]];
    if (action) keepFocus(() => action(event, each as HTMLElement));
    if (action && (event.type === "click" || event.defaultPrevented)) return;
  }
  if (key?.key === "Escape" && ears?.letGo()) event.preventDefault();
}

/** What had the focus may be gone after an action: then what is around it has it, and Tab goes on from there. */
function keepFocus(action: () => void): void {
  const around: HTMLElement[] = [];
  for (let each = shadow.activeElement as HTMLElement | null; each; each = each.parentElement) around.push(each);
  action();
  if (around[0] && !shadow.activeElement) around.find((each) => each.isConnected && each.tabIndex === -1 && each.role)?.focus();
}

/** Inside a closed tree, listeners outside of it are not told the target; the place of a click or the focus tells it. */
function innerTarget(event: Event): Element | null {
  const { clientX, clientY, detail } = event as MouseEvent;
  if (event.type === "click" && (detail || clientX || clientY)) return shadow.elementFromPoint(clientX, clientY);
  return shadow.activeElement;
}

function hearPage(event: Event, ears: Ears): void {
  if (event.type === "keydown") return hearKey(event as KeyboardEvent, ears);
  if (view.using) return;
  const target = targetOf(event);
  if (!target) return;
  if (event.type === "pointermove" || event.type === "pointerover" || (event.type === "focusin" && isTabbing)) ears.over(target);
  if (!HELD.has(event.type) || isRight(event)) return;
  isTabbing = false;
  event.stopImmediatePropagation();
  if (!/^(touch|pointer)/.test(event.type)) event.preventDefault(); // A finger still scrolls.
  if (event.type === "click") ears.hold(target, !(event as MouseEvent).detail);
  // Controls that are disabled get no click.
  else if (event.type === "pointerup" && target.closest(":disabled")) ears.hold(target, false);
}

/** The last thing done in the page was to press Tab. */
let isTabbing = false;

function hearKey(event: KeyboardEvent, ears: Ears): void {
  if (isShortcut(event)) return act(event, ears.toggle);
  if (view.using) return;
  const target = targetOf(event);
  isTabbing = event.key === "Tab";
  if (event.key === "Escape" && ears.letGo()) act(event, () => undefined);
  else if (/^(Enter| )$/.test(event.key) && target && isPressed(event, target)) act(event, () => ears.hold(target, true));
}

function act(event: Event, action: () => void): void {
  event.preventDefault();
  event.stopImmediatePropagation();
  action();
}

/** Alt+Shift+P, whatever letter the keyboard makes of it. */
const isShortcut = ({ altKey, shiftKey, code }: KeyboardEvent): boolean => altKey && shiftKey && code === "KeyP";

const isRight = (event: Event): boolean => ((event as MouseEvent).button ?? 0) === 2;

const TEXTS = "textarea,[contenteditable]:not([contenteditable=false]),input:not([type=checkbox],[type=radio],[type=button],[type=submit],[type=reset])";

/** Whether a key presses what has the focus, and is not typed into it. */
const isPressed = (event: KeyboardEvent, target: Element): boolean =>
  target !== document.body && target !== document.documentElement && !(event.isComposing || (event.key === " " && target.matches(TEXTS)));

/** The true target, through open shadow trees. */
function targetOf(event: Event): Element | null {
  const [node] = event.composedPath() as Node[];
  if (!node?.nodeType) return null;
  return isElement(node) ? node : document.documentElement;
}
