// The client-routed part: /shop and /shop/<category>, searched and sorted without loading a page.

import { CATEGORIES, PRODUCTS } from "./products.js";
import { fill, listen } from "./rows.js";

const list = document.querySelector(".shelf");
const form = document.querySelector(".finder");
const ORDERS = {
  liked: (a, b) => b.rating - a.rating,
  cheap: (a, b) => a.price - b.price,
  dear: (a, b) => b.price - a.price,
};

const category = () => location.pathname.split("/")[2] ?? "";

function wanted(product) {
  const words = form.elements.search.value.trim().toLowerCase();
  return (!category() || product.category === category()) && `${product.name} ${product.line}`.toLowerCase().includes(words);
}

function show() {
  const products = PRODUCTS.filter(wanted).sort(ORDERS[form.elements.order.value]);
  const heading = CATEGORIES[category()] ?? "Everything";
  document.title = `${heading} · Juniper & Rye`;
  document.querySelector("h1").textContent = heading;
  document.querySelector(".tally").textContent = products.length === 1 ? "1 thing" : `${products.length} things`;
  for (const link of document.querySelectorAll(".chips a"))
    link.toggleAttribute("aria-current", link.pathname === location.pathname);
  fill(list, products);
}

document.querySelector(".chips").addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link || event.metaKey || event.ctrlKey) return;
  event.preventDefault();
  history.pushState(null, "", link.pathname);
  show();
});
addEventListener("popstate", show);
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("input", show);
listen(list);
show();
