import { count, lines, put, total } from "./basket.js";
import { ICONS, drawing, pounds } from "./products.js";

const place = document.querySelector(".basket-lines");

const line = ({ slug, name, price, quantity }) => `
  <li class="line">
    ${drawing(slug)}
    <a href="/products/${slug}">${name}</a>
    <label class="quantity"><span>Quantity</span><input type="number" min="1" max="9" name="${slug}" value="${quantity}"></label>
    <span class="price">${pounds(price * quantity)}</span>
    <button class="remove" type="button" value="${slug}" aria-label="Remove ${name}">${ICONS.bin}</button>
  </li>`;

function show() {
  place.innerHTML = lines().map(line).join("") || `<li class="nothing">Your basket is empty. <a href="/shop">Look around</a></li>`;
  document.querySelector(".basket-sum").hidden = count() === 0;
  document.querySelector(".basket-sum b").textContent = pounds(total());
}

place.addEventListener("click", (event) => {
  const button = event.target.closest("button.remove");
  if (button) put(button.value, 0);
});
place.addEventListener("change", (event) => put(event.target.name, Number(event.target.value)));
addEventListener("basket", show);
show();
