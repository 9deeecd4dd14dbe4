import { add } from "./basket.js";
import { CATEGORIES, ICONS, PRODUCTS, drawing, find, pounds } from "./products.js";
import { fill, listen } from "./rows.js";

const product = find(location.pathname.split("/")[2]) ?? PRODUCTS[0];
const option = (size) => `<option>${size}</option>`;

document.title = `${product.name} · Juniper & Rye`;
document.querySelector(".product").innerHTML = `
  <div class="product-picture">${drawing(product.slug)}</div>
  <div class="product-words">
    <p class="crumbs"><a href="/shop">Shop</a> / <a href="/shop/${product.category}">${CATEGORIES[product.category]}</a></p>
    <h1>${product.name}</h1>
    <rating-stars value="${product.rating}" votes="${product.votes}"></rating-stars>
    <p class="lede">${product.line}</p>
    <p class="price">${pounds(product.price)}</p>
    <form class="buy">
      <label>Size <select name="size">${product.sizes.map(option).join("")}</select></label>
      <label>How many <input name="quantity" type="number" min="1" max="9" value="1"></label>
      <div class="flex flex-col md:flex-row gap-3">
        <button type="submit" class="w-full md:w-1/2 py-3 rounded-full bg-pine text-white hover:bg-ink">${ICONS.plus}<span>Add to basket</span></button>
        <button type="button" class="w-full md:w-1/2 py-3 rounded-full border hover:bg-sand">${ICONS.heart}<span>Save for later</span></button>
      </div>
    </form>
    <details><summary>Care</summary><p>Wash by hand, dry at once, hand it on one day.</p></details>
    <details><summary>Delivery</summary><p>Two to three days, free over £50. <a href="/delivery">More about delivery</a></p></details>
  </div>`;

document.querySelector(".buy").addEventListener("submit", (event) => {
  event.preventDefault();
  add(product.slug, Number(event.target.elements.quantity.value) || 1);
  event.target.querySelector("[type=submit] span").textContent = "In your basket";
});
const list = document.querySelector(".shelf");
fill(list, PRODUCTS.filter((other) => other.category === product.category && other !== product).slice(0, 3));
listen(list);
