import { listenTo } from "./dom";
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

/** Listens for events of some types without ever delaying or breaking the page. */
export function listen<E extends Event>(target: EventTarget, types: string, handler: (event: E) => void): void {
  for (const type of types.split(" ")) listenTo(target, type, guarded(handler), { capture: true, passive: true });
}
