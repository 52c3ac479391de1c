// My week: a form under an item is closed again; what is done stays for ten seconds, and then goes.
document.addEventListener("click", (event) => {
  const cancel = event.target.closest && event.target.closest("[data-km-close-week]");
  if (!cancel) return;
  const item = cancel.closest("li");
  cancel.closest(".km-week__form").replaceChildren();
  item.querySelector(".km-week__do a[role=button]").focus();
});
document.addEventListener("htmx:afterSwap", (event) => {
  const at = event.target;
  if (!at.closest) return;
  const item = at.closest(".km-week__item");
  if (!item) return;
  if (at.matches(".km-week__form")) {
    const first = at.querySelector("input:not([type=hidden]), select");
    if (first) first.focus();
    return;
  }
  if (!item.querySelector("[data-km-gone]")) return;
  item.querySelector(".km-week__form").replaceChildren();
  setTimeout(() => {
    const held = item.contains(document.activeElement);
    const next = item.nextElementSibling || item.previousElementSibling;
    item.remove();
    if (held && next) next.querySelector("a, button").focus();
  }, 10000);
});
document.addEventListener("keydown", (event) => {
  const form = event.target.closest && event.target.closest(".km-week__form");
  if (form && event.key === "Escape") form.querySelector("[data-km-close-week]").click();
});
