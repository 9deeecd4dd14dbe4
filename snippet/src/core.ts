// What the core offers, on `window.backsight`, to the parts that are loaded after it.

interface Core {
  /** Captures one event of an element, or of the page instance, with all privacy rules. */
  record(type: string, element: Element | null, facts: object): void;
  /** Called before a page instance ends. */
  leaving?: () => void;
}

export const core = (window as unknown as { backsight: Core }).backsight;

/** What `action` records still belongs to the page instance that ends. */
export function onLeaving(action: () => void): void {
  const before = core.leaving;
  core.leaving = () => {
    before?.();
    action();
  };
}
