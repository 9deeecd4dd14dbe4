// Client-routed: /account, /account/orders, /account/addresses.

const member = localStorage.getItem("juniper-member");
const VIEWS = {
  "": ["Your account", `<p>Hello${member ? `, <b></b>` : ""}. Thank you for cooking with us.</p><p>Members have 5 % off everything on the first Sunday of the month.</p>`],
  orders: ["Your orders", `<p>No order is on its way just now.</p><p><a class="button" href="/shop">Find something good</a></p>`],
  addresses: ["Your addresses", `<form class="stack"><label>Postcode <input name="postcode" autocomplete="postal-code"></label><button class="button" type="submit">Keep it</button></form>`],
};

function show() {
  const [heading, html] = VIEWS[location.pathname.split("/")[2] ?? ""] ?? VIEWS[""];
  document.title = `${heading} · Juniper & Rye`;
  document.querySelector("h1").textContent = heading;
  document.querySelector(".view").innerHTML = html;
  const name = document.querySelector(".view b");
  if (name) name.textContent = member;
  for (const link of document.querySelectorAll(".tabs a")) link.toggleAttribute("aria-current", link.pathname === location.pathname);
}

document.querySelector(".tabs").addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link) return;
  event.preventDefault();
  history.pushState(null, "", link.pathname);
  show();
});
document.querySelector(".view").addEventListener("submit", (event) => event.preventDefault());
document.querySelector(".leave").addEventListener("click", () => {
  localStorage.removeItem("juniper-member");
  window.backsight?.reset();
  location.href = "/";
});
addEventListener("popstate", show);
show();
