import { count, empty, total } from "./basket.js";
import { pounds } from "./products.js";

const form = document.querySelector("form.checkout-form");
const delivery = () => ({ standard: total() < 50 ? 4 : 0, express: 9, collect: 0 })[form.elements.delivery.value];
const show = () => (document.querySelector(".order-sum b").textContent = pounds(total() + delivery()));

form.addEventListener("change", show);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const chosen = form.elements.delivery.value;
  window.backsight?.track("Order placed", { total: total() + delivery(), items: count(), delivery: chosen });
  empty();
  location.href = "/thanks";
});
show();
