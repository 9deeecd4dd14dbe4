// Who is browsing, shared by the tabs of an origin: device, session, user, consent and what was lost.
// Storage is the truth, so that an identify() or a reset() in one tab holds in the others at their next event;
// where it is denied, this page's memory is.

import { attempt } from "./attempt";
import { global } from "./global";
import { newId } from "./ids";
import { CONSENT_REQUIRED, REFUSED } from "./settings";
import { read, write } from "./storage";

export type Cause = "error" | "handler" | "queue" | "size";
export type Lost = Partial<Record<Cause, number>>;

export interface State {
  device: string;
  session?: string;
  /** Time of the last activity, in milliseconds since 1970. */
  seen?: number;
  user?: string | undefined;
  consent?: boolean | undefined;
  lost?: Lost | undefined;
}

const NAME = "backsight";
const INACTIVE_MS = 30 * 60_000;

/** A frame shares the memory of the page around it, which is all that there is where storage is denied. */
const shared: { state?: Partial<State>; denied?: boolean } = (global.shared =
  attempt(() => (parent as unknown as { backsight: typeof global }).backsight.shared) ?? {});

export function load(): State {
  const known = attempt(() => (shared.denied ? undefined : (JSON.parse(read(NAME)!) as Partial<State>))) ?? shared.state;
  return (shared.state = { ...known, device: known?.device ?? newId() });
}

/** Where storage is full, what it holds does not hold any more. */
function save(state: Partial<State>): void {
  shared.state = state;
  shared.denied = !write(NAME, JSON.stringify(state));
}

/** Changes some of it. */
export const update = (change: Partial<State>): void => save({ ...load(), ...change });

/** The state after some activity now: a new session follows 30 minutes without any. */
export function touch(): State {
  const state = load();
  const seen = Date.now();
  if (!(seen - state.seen! < INACTIVE_MS)) state.session = newId();
  save({ ...state, seen });
  return state;
}

/** Nothing stays but what the browser lost and its decision about consent; the next event has a new device. */
export const forget = (consent = load().consent): void => save({ lost: load().lost, consent });

/** Whether anything may be captured now. */
export const allowed = (): boolean => !REFUSED && (load().consent ?? !CONSENT_REQUIRED);

/** Counts what this browser lost, to be sent with the next batch. */
export function lose(cause: Cause, count = 1): void {
  if (!allowed()) return;
  const { lost } = load();
  update({ lost: { ...lost, [cause]: (lost?.[cause] ?? 0) + count } });
}

/** Moves the counts of what was lost into a batch. */
export function takeLost(): Lost | undefined {
  const { lost } = load();
  update({ lost: undefined });
  return lost;
}
