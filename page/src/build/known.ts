// What can be chosen: the named events with their counts, raw ones, and properties.

import type { Api } from "../api";
import { figure } from "../figures";
import { DAYS, type Named } from "../events/named";
import type { Option } from "./combobox";

const RAW: Option<unknown>[] = [
  { words: "Any event", beside: "captured", value: { on: "any", label: "Any event" } },
  { words: "Any page view", beside: "captured", value: { on: "pageview", label: "Any page view" } },
  { words: "Any click", beside: "captured", value: { on: "click", label: "Any click" } },
];

/** Steps that can be chosen; those that happen most come first. */
export async function loadSteps(api: Api, signal: AbortSignal): Promise<Option<unknown>[]> {
  const { events } = await api.get<{ events: Named[] }>(`events?activity=${DAYS}`, signal);
  const named = events.toSorted((a, b) => b.activity.events - a.activity.events).map(({ name, activity }) => ({ words: name, beside: figure(activity.events), value: name as unknown }));
  return [...named, ...RAW];
}

interface Property {
  name: string;
  kind: string;
  count: number;
  values: unknown[];
}

/** Properties by which one can break down: those that were seen, in short the usual ones first. */
export async function loadProperties(api: Api, signal: AbortSignal): Promise<Option<string>[]> {
  const { properties } = await api.get<{ properties: Property[] }>("properties", signal);
  const rank = ({ name }: Property): number => (USUAL.includes(name) ? USUAL.indexOf(name) : USUAL.length);
  return properties
    .filter(({ count }) => count > 0)
    .toSorted((a, b) => rank(a) - rank(b) || b.count - a.count)
    .map(({ name, values }) => ({ words: name, beside: values.slice(0, 2).map(String).join(", "), value: name }));
}

const USUAL = ["browser", "device_type", "os", "utm_source", "utm_campaign", "referrer_host", "language", "path"];
