// What a mark says when it is pointed at. Whatever it says is text.

let shown: HTMLElement | undefined;

export function showTooltip(event: PointerEvent | undefined, value: unknown): void {
  if (value === null || value === undefined || value === "" || !event) return hideTooltip();
  shown ??= document.body.appendChild(made());
  shown.replaceChildren(...linesOf(value));
  shown.hidden = false;
  place(shown, event.clientX, event.clientY);
}

export function hideTooltip(): void {
  if (shown) shown.hidden = true;
}

function made(): HTMLElement {
  const element = document.createElement("div");
  element.className = "tooltip";
  element.setAttribute("aria-hidden", "true");
  return element;
}

function linesOf(value: unknown): Node[] {
  if (typeof value !== "object" || value === null) return [line("", String(value))];
  return Object.entries(value).filter(([, each]) => each !== null && each !== "" && each !== "null").map(([name, each]) => line(name, String(each)));
}

function line(name: string, value: string): HTMLElement {
  const element = document.createElement("p");
  if (name) element.append(Object.assign(document.createElement("span"), { textContent: name }));
  element.append(Object.assign(document.createElement("strong"), { textContent: value }));
  return element;
}

/** Beside the pointer, within the window. */
function place(element: HTMLElement, x: number, y: number): void {
  const { width, height } = element.getBoundingClientRect();
  const left = x + 14 + width > innerWidth ? x - 14 - width : x + 14;
  const top = y + 14 + height > innerHeight ? y - 14 - height : y + 14;
  element.style.left = `${Math.max(4, Math.min(left, innerWidth - width - 4))}px`;
  element.style.top = `${Math.max(4, top)}px`;
}
