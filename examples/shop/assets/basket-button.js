// <basket-button>: the header's basket, its panel and the way to the checkout, all inside an open shadow root.

import { count, lines, put, total } from "./basket.js";
import { ICONS, pounds } from "./products.js";

const STYLE = `
  :host { position: relative; display: inline-block }
  button { font: inherit; cursor: pointer }
  .icon { width: 1.15em; height: 1.15em; fill: none; stroke: currentColor; stroke-width: 1.7; stroke-linejoin: round; stroke-linecap: round; vertical-align: -.2em }
  .toggle { display: inline-flex; gap: .5rem; align-items: center; padding: .5rem .9rem; border-radius: 99px; border: 1px solid #d9cdb6; background: #fff; color: #2f4a3c }
  .toggle:hover { border-color: #2f4a3c }
  .tally { min-width: 1.4em; padding: 0 .35em; border-radius: 99px; background: #b4532a; color: #fff; font-size: .8rem; font-weight: 600; text-align: center; line-height: 1.4rem }
  .panel { position: absolute; right: 0; top: calc(100% + .6rem); width: min(20rem, calc(100vw - 2.5rem)); padding: 1.1rem; border-radius: 14px; background: #fff; box-shadow: 0 18px 50px #2f4a3c33; border: 1px solid #ece3d2; z-index: 5 }
  .panel[hidden] { display: none }
  ul { list-style: none; margin: 0 0 .8rem; padding: 0 } li { display: flex; gap: .6rem; align-items: center; padding: .45rem 0; border-bottom: 1px solid #f1eadb }
  li span { flex: 1 } .remove { border: 0; background: none; color: #8b8474; padding: .3rem } .remove:hover { color: #b4532a }
  .sum { display: flex; justify-content: space-between; margin: .6rem 0 1rem; font-weight: 600 }
  .checkout { width: 100%; padding: .75rem; border: 0; border-radius: 99px; background: #2f4a3c; color: #fff; font-weight: 600 }
  .checkout:hover { background: #24392e } .empty { color: #6d6759; margin: 0 }
  .view { display: block; text-align: center; margin-top: .7rem; color: #2f4a3c }`;

const line = ({ slug, name, quantity, price }) => `
  <li><span>${name} × ${quantity}</span>${pounds(price * quantity)}
    <button class="remove" type="button" value="${slug}" aria-label="Remove ${name}">${ICONS.bin}</button></li>`;

const contents = () =>
  count() === 0
    ? `<p class="empty">Nothing in it yet.</p>`
    : `<ul>${lines().map(line).join("")}</ul>
       <p class="sum"><span>Together</span><span>${pounds(total())}</span></p>
       <button class="checkout" type="button"><span>Check out</span> ${ICONS.arrow}</button>
       <a class="view" href="/basket">View basket</a>`;

class BasketButton extends HTMLElement {
  connectedCallback() {
    const root = this.attachShadow({ mode: "open" });
    root.innerHTML = `<style>${STYLE}</style>
      <button class="toggle" type="button" aria-expanded="false" aria-label="Basket">
        ${ICONS.basket}<span>Basket</span><b class="tally"></b></button>
      <div class="panel" role="dialog" aria-label="Your basket" hidden></div>`;
    root.addEventListener("click", (event) => this.clicked(event.target.closest("button")));
    addEventListener("basket", () => this.show());
    this.show();
  }

  clicked(button) {
    if (button?.matches(".toggle")) this.toggle();
    if (button?.matches(".remove")) put(button.value, 0);
    if (button?.matches(".checkout")) location.href = "/checkout";
  }

  toggle() {
    const panel = this.shadowRoot.querySelector(".panel");
    panel.hidden = !panel.hidden;
    this.shadowRoot.querySelector(".toggle").setAttribute("aria-expanded", String(!panel.hidden));
  }

  show() {
    this.shadowRoot.querySelector(".tally").textContent = count();
    this.shadowRoot.querySelector(".panel").innerHTML = contents();
  }
}

customElements.define("basket-button", BasketButton);
