// <rating-stars value="4.5" votes="98">: five buttons in an open shadow root; clicking one is a vote.

const STYLE = `
  :host { display: inline-flex; align-items: center; gap: .5rem; color: #6d6759; font-size: .95rem }
  .stars { display: inline-flex }
  button { border: 0; padding: 0 1px; background: none; cursor: pointer; color: #e3d9c5 }
  button.lit { color: #d9a441 } button:hover { transform: scale(1.15) }
  svg { width: 1.15rem; height: 1.15rem; fill: currentColor; display: block }`;

const STAR = `<svg viewBox="0 0 20 20" aria-hidden="true"><path d="M10 1.6l2.6 5.4 5.9.8-4.3 4.1 1 5.9L10 15l-5.2 2.8 1-5.9L1.5 7.8l5.9-.8z"/></svg>`;

class RatingStars extends HTMLElement {
  connectedCallback() {
    this.attachShadow({ mode: "open" });
    this.shadowRoot.addEventListener("click", (event) => this.vote(event.target.closest("button")));
    this.show(Number(this.getAttribute("value")), `${this.getAttribute("votes")} ratings`);
  }

  vote(star) {
    if (star) this.show(Number(star.value), "Thank you");
  }

  show(value, note) {
    const star = (n) =>
      `<button type="button" class="star ${n <= Math.round(value) ? "lit" : ""}" value="${n}" aria-label="${n} of 5">${STAR}</button>`;
    this.shadowRoot.innerHTML = `<style>${STYLE}</style>
      <span class="stars" role="group" aria-label="Rate this">${[1, 2, 3, 4, 5].map(star).join("")}</span><span class="note">${note}</span>`;
  }
}

customElements.define("rating-stars", RatingStars);
