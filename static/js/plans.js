// Lines of a plan edited in their place: taking the other version, closing a new line's form, kept text.
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
    const cancel = at.closest(".km-plan-form [data-km-cancel]");
    if (cancel) sessionStorage.removeItem(keyOf(cancel.closest("form")));
  });
  // A form that arrives later gets back what was typed into it, if the line is still the one it was typed for.
  document.body.addEventListener("htmx:load", (event) => {
    const found = event.target.matches("form.km-plan-form") ? [event.target] : event.target.querySelectorAll("form.km-plan-form");
    found.forEach((form) => {
      const kept = JSON.parse(sessionStorage.getItem(keyOf(form)) || "null");
      if (kept && !form.querySelector(".errorlist, .km-plan-clash")) fields(form).forEach((f, i) => { if (kept[i] !== undefined) f.value = kept[i]; });
      const first = fields(form)[0];
      if (first) first.focus();
    });
  });
})();
