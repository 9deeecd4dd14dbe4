// Light or dark: as the system says, until somebody says otherwise here.

export type Theme = "light" | "dark";

const NAME = "backsight-theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const changes = new EventTarget();

export const theme = (): Theme => chosen() ?? ofSystem();

/** Calls back when the theme changes, until the signal falls. */
export function onTheme(changed: () => void, signal: AbortSignal): void {
  changes.addEventListener("change", changed, { signal });
}

export function startTheme(): void {
  apply();
  system.addEventListener("change", apply);
}

/** Takes the other one; what the system says anyway is not kept. */
export function toggleTheme(): void {
  const other: Theme = theme() === "dark" ? "light" : "dark";
  try {
    if (other === ofSystem()) localStorage.removeItem(NAME);
    else localStorage.setItem(NAME, other);
  } catch {
    // Without storage it lasts as long as the page.
  }
  apply(other);
}

function apply(given: Theme | Event = theme()): void {
  document.documentElement.dataset.theme = given instanceof Event ? theme() : given;
  changes.dispatchEvent(new Event("change"));
}

const ofSystem = (): Theme => (system.matches ? "dark" : "light");

function chosen(): Theme | null {
  try {
    const kept = localStorage.getItem(NAME);
    return kept === "light" || kept === "dark" ? kept : null;
  } catch {
    return null;
  }
}
