// localStorage that may be denied (sandboxed frames, blocked site data) or full: reading then finds nothing,
// and writing answers false.

const store = (): Storage => window.localStorage; // the getter itself throws where storage is denied

export function read(key: string): string | null {
  try {
    return store().getItem(key);
  } catch {
    return null;
  }
}

export function write(key: string, value: string): boolean {
  try {
    store().setItem(key, value);
    return true;
  } catch {
    return false;
  }
}

export function remove(key: string): void {
  try {
    store().removeItem(key);
  } catch {
    // Denied storage holds nothing to remove.
  }
}

/** The stored keys that begin with `prefix`, sorted. */
export function keys(prefix: string): string[] {
  try {
    return Object.keys(store())
      .filter((key) => key.startsWith(prefix))
      .sort();
  } catch {
    return [];
  }
}
