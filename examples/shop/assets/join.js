const form = document.querySelector("form");

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const { email, plan } = form.elements;
  localStorage.setItem("juniper-member", email.value);
  window.backsight?.identify(email.value, { plan: plan.value });
  location.href = "/account";
});
const asked = new URLSearchParams(location.search).get("plan");
if (asked) form.elements.plan.value = asked;
