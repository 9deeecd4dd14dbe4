// A list of things for sale: each row has a link to its page, a heart and an Add button.

import { add } from "./basket.js";
import { ICONS, drawing, pounds } from "./products.js";

export const row = ({ slug, name, line, price }) => `
  <li class="row">
    <a class="row-picture" href="/products/${slug}" tabindex="-1">${drawing(slug)}</a>
    <div class="row-words">
      <h3><a href="/products/${slug}">${name}</a></h3>
      <p>${line}</p>
    </div>
    <div class="row-foot">
      <span class="price">${pounds(price)}</span>
      <button class="save" type="button" aria-pressed="false" aria-label="Save ${name} for later">${ICONS.heart}</button>
      <button class="add" type="button" value="${slug}" aria-label="Add ${name} to basket">${ICONS.plus}<span>Add</span></button>
    </div>
  </li>`;

/** Fills a list with rows and makes their buttons work. */
export function fill(list, products) {
  list.innerHTML = products.map(row).join("");
}

export function listen(list) {
  list.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.matches(".add")) added(button);
    if (button?.matches(".save")) button.setAttribute("aria-pressed", String(button.ariaPressed !== "true"));
  });
}

function added(button) {
  add(button.value);
  button.querySelector("span").textContent = "Added";
  setTimeout(() => (button.querySelector("span").textContent = "Add"), 1200);
}
