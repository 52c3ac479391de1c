// Lines of a plan edited in their place: taking the other version, closing a new line's form.
(() => {
  const keyOf = (form) => `km-keep:${form.dataset.kmKeep}`;
  const fields = (form) => [...form.elements].filter((f) => f.name && !["hidden", "password", "file", "submit"].includes(f.type));
  document.addEventListener("click", (event) => {
    const at = event.target.closest ? event.target : null;
    if (!at) return;
    const take = at.closest("[data-km-take]");
    if (take) {
      const field = document.getElementById(take.dataset.kmTake);
      field.value = take.dataset.kmValue;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.focus();
    }
    const drop = at.closest("[data-km-drop]");
    if (drop && drop.closest("[id$='-add']")) {
      event.preventDefault();
      const form = drop.closest("form");
      sessionStorage.removeItem(keyOf(form));
      form.remove();
    }
  });
  document.body.addEventListener("htmx:load", (event) => {
    const found = event.target.matches("form.km-plan-form") ? [event.target] : event.target.querySelectorAll("form.km-plan-form");
    found.forEach((form) => {
      const first = fields(form)[0];
      if (first) first.focus();
    });
  });
})();
