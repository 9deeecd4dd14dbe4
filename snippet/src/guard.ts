import { lose } from "./state";

/** A function that never throws into the page; what goes wrong inside is counted. */
export function guarded<A extends unknown[]>(handler: (...args: A) => void): (...args: A) => void {
  return (...args) => {
    try {
      handler(...args);
    } catch {
      lose("handler");
    }
  };
}

/** Listens on a target without ever delaying or breaking the page. */
export function listen<E extends Event>(target: EventTarget, type: string, handler: (event: E) => void, capture = true): void {
  target.addEventListener(type, guarded(handler as (event: Event) => void), { capture, passive: true });
}
