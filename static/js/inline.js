// A fact edited in its place: Escape restores it, Enter saves (the form's own), Ctrl+Enter in longer texts.
document.addEventListener("keydown", (event) => {
  const form = event.target.closest && event.target.closest(".km-fact-form");
  if (!form) return;
  if (event.key === "Escape") { event.preventDefault(); form.querySelector("[data-km-cancel]").click(); }
  if (event.key === "Enter" && event.target.matches("textarea") && !event.shiftKey) { event.preventDefault(); form.requestSubmit(); }
});
// A choice that could not be saved goes back to what is stored.
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target.closest && event.target.closest("form[data-km-back]");
  if (form && !event.detail.successful) form.reset();
});
