/** What an action gives, or undefined where the browser forbids it or its input is no good. */
export function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
