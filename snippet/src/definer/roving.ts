// One stop for Tab in a group; arrows, Home and End move inside of it.

import { shadow } from "./host";
import type { Act } from "./markup";

const STEPS: Record<string, (index: number, count: number) => number> = {
  ArrowRight: (i) => i + 1,
  ArrowDown: (i) => i + 1,
  ArrowLeft: (i) => i - 1,
  ArrowUp: (i) => i - 1,
  Home: () => 0,
  End: (_, count) => count - 1,
};

/** For the group's keydown: moves the focus among its members, and says to which. */
export const roving =
  (members: () => HTMLElement[], chosen: (index: number) => void): Act =>
  (event) => {
    const step = STEPS[(event as KeyboardEvent).key];
    const all = members();
    const from = all.indexOf(shadow.activeElement as HTMLElement);
    if (!step || from < 0) return;
    event.preventDefault();
    const index = Math.max(0, Math.min(all.length - 1, step(from, all.length)));
    if (index === from) return;
    chosen(index);
    members()[index]?.focus();
  };

/** Only the chosen member is a stop for Tab. */
export function rove(members: HTMLElement[], chosen: number): void {
  members.forEach((member, i) => (member.tabIndex = i === chosen ? 0 : -1));
}
