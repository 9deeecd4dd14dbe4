// What the visitor means to buy; kept in this browser, announced to whoever shows it.

import { find } from "./products.js";

const KEY = "juniper-basket";

export function lines() {
  const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}");
  return Object.entries(kept).map(([slug, quantity]) => ({ ...find(slug), quantity }));
}

export const total = () => lines().reduce((sum, line) => sum + line.price * line.quantity, 0);
export const count = () => lines().reduce((sum, line) => sum + line.quantity, 0);

export function put(slug, quantity) {
  const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}");
  if (quantity > 0) kept[slug] = quantity;
  else delete kept[slug];
  localStorage.setItem(KEY, JSON.stringify(kept));
  dispatchEvent(new Event("basket"));
}

export const add = (slug, quantity = 1) =>
  put(slug, quantity + (lines().find((line) => line.slug === slug)?.quantity ?? 0));

export function empty() {
  localStorage.removeItem(KEY);
  dispatchEvent(new Event("basket"));
}
