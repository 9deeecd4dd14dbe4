// A named event with what it did of late, as the API tells it; and how it is.

import type { Json } from "../api";
import { daysAgo } from "../figures";

export interface Named {
  name: string;
  rules: Json[];
  description: string;
  version: number;
  at: string;
  activity: Activity;
  repair: { rule: Json; found: { events: number; persons: number } } | null;
}

interface Activity {
  from: string;
  daily: number[];
  events: number;
  persons: number;
  last: string | null;
  silent_since: string | null;
  cause: string | null;
  words: string | null;
}

export const DAYS = 90;

export interface Health {
  look: "good" | "warn" | "plain";
  words: string;
}

/** How a name is, in two or three words. */
export function healthOf({ activity }: Named): Health {
  if (activity.silent_since) return { look: "warn", words: `silent since ${daysAgo(activity.silent_since)}` };
  if (!activity.last) return { look: "plain", words: "nothing yet" };
  return { look: "good", words: "alive" };
}

/** Those first about which something is to be done, then by how often they happen. */
export function ordered(events: Named[]): Named[] {
  const rank = (each: Named): number => (healthOf(each).look === "warn" ? 0 : 1);
  return events.toSorted((a, b) => rank(a) - rank(b) || b.activity.events - a.activity.events || (a.name < b.name ? -1 : 1));
}
