// Figures, shares, times and texts, as people read them.

export const figure = (value: number): string => value.toLocaleString("en-US", { maximumFractionDigits: 2 });

export const counted = (value: number, one: string, several = `${one}s`): string => `${figure(value)} ${value === 1 ? one : several}`;

export const cut = (text: string, most: number): string => ([...text].length > most ? `${[...text].slice(0, most - 1).join("").trimEnd()}…` : text);

export const quoted = (text: string, most = 60): string => `“${cut(text.replace(/\s+/g, " ").trim(), most)}”`;

const SPANS: [number, string][] = [[86_400, "d"], [3_600, "h"], [60, "min"]];

/** "2 s ago", "5 min ago", "3 d ago". */
export function ago(instant: string, now = Date.now()): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(instant)) / 1000));
  if (seconds < 2) return "now";
  const found = SPANS.find(([size]) => seconds >= size);
  return found ? `${figure(Math.floor(seconds / found[0]))} ${found[1]} ago` : `${seconds} s ago`;
}

const DAY: Intl.DateTimeFormatOptions = { day: "numeric", month: "short", year: "numeric" };

/** "12 Nov 2026" of a date, which is nobody's midnight. */
export const day = (date: string): string => new Date(`${date.slice(0, 10)}T00:00:00Z`).toLocaleDateString("en-GB", { ...DAY, timeZone: "UTC" });

/** "12 Nov 2026, 14:03" where the reader is. */
export const moment = (instant: string): string =>
  new Date(instant).toLocaleString("en-GB", { ...DAY, hour: "2-digit", minute: "2-digit" });

/** "7 days ago" of a date, as far as that says more than the date. */
export function daysAgo(date: string, now = Date.now()): string {
  const today = new Date(now).toISOString().slice(0, 10);
  const days = Math.round((Date.parse(today) - Date.parse(date)) / 86_400_000);
  if (days < 1) return "today";
  if (days === 1) return "yesterday";
  return days <= 90 ? `${days} days ago` : day(date);
}
