// What a mark says when it is pointed at. Whatever it says is text. It brings its looks along, set where a page's
// policy lets no style attribute through: charts are drawn in notebooks too, which have no style sheet of ours.

let shown: HTMLElement | undefined;

const CARD = {
  position: "fixed",
  zIndex: "10000",
  maxWidth: "min(320px, calc(100vw - 8px))",
  padding: "8px 12px",
  font: "13px/1.45 system-ui, sans-serif",
  pointerEvents: "none",
  color: "#f2f4f6",
  background: "#1f2328",
  border: "1px solid #3d444d",
  borderRadius: "10px",
  boxShadow: "0 4px 18px rgb(0 0 0 / 30%)",
};
const LINE = { display: "flex", gap: "16px", justifyContent: "space-between", margin: "0" };

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
  element.className = "backsight-tooltip";
  Object.assign(element.style, CARD);
  element.setAttribute("aria-hidden", "true");
  return element;
}

function linesOf(value: unknown): Node[] {
  if (typeof value !== "object" || value === null) return [line("", String(value))];
  return Object.entries(value).filter(([, each]) => each !== null && each !== "" && each !== "null").map(([name, each]) => line(name, String(each)));
}

function line(name: string, value: string): HTMLElement {
  const element = document.createElement("p");
  Object.assign(element.style, LINE);
  if (name) element.append(text("span", name, { color: "#a7afb8" }));
  element.append(text("strong", value, { fontWeight: "600", fontVariantNumeric: "tabular-nums" }));
  return element;
}

function text(tag: string, said: string, looks: Partial<CSSStyleDeclaration>): HTMLElement {
  const element = Object.assign(document.createElement(tag), { textContent: said });
  Object.assign(element.style, looks);
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
