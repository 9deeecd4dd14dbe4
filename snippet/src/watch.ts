/** For how long a click is watched. */
export const WATCH_MS = 2_500;

/** A watched click's fields, as of now. */
export type Effects = () => object;
