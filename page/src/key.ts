// Where the key is kept: in this tab, and on this device only where its owner wants that.

const NAME = "backsight-key";
const KEY = /^sk_[0-9A-Za-z_-]{8,200}$/;

export const isKey = (text: string): boolean => KEY.test(text);

/** The key that a link brought, taken out of the address bar and the history; else the one that is kept. */
export function findKey(): string | null {
  const brought = location.hash.slice(1);
  if (isKey(brought)) {
    history.replaceState(null, "", location.pathname + location.search);
    keepKey(brought, false);
    return brought;
  }
  return read(sessionStorage) ?? read(localStorage);
}

export function keepKey(key: string, onDevice: boolean): void {
  forgetKey();
  try {
    (onDevice ? localStorage : sessionStorage).setItem(NAME, key);
  } catch {
    // Storage is full or forbidden: the key lasts as long as the page.
  }
}

export function forgetKey(): void {
  for (const storage of [sessionStorage, localStorage]) {
    try {
      storage.removeItem(NAME);
    } catch {
      // Nothing is kept where storage is forbidden.
    }
  }
}

function read(storage: Storage): string | null {
  try {
    const key = storage.getItem(NAME);
    return key && isKey(key) ? key : null;
  } catch {
    return null;
  }
}
