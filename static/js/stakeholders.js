// People: a person opens beside the map and is part of the address.
(() => {
  const $ = (selector) => document.querySelector(selector);
  let from = null, here = location.search;
  const go = (url) => { history.pushState({}, "", url); here = location.search; };
  const open = (link) => {
    from = link.dataset.kmPerson;
    go(link.getAttribute("href"));
    htmx.ajax("GET", $("#people").dataset.panel.replace("/0/", `/${from}/`), { target: "#panel", swap: "outerHTML" }).catch(() => {}).then(() => { const name = $("#panel-name"); if (name) name.focus(); else close(); });
  };
  const mark = () => {
    const now = $("#panel:not([hidden])");
    document.querySelectorAll("[data-km-person][aria-current]").forEach((a) => a.removeAttribute("aria-current"));
    if (now) document.querySelectorAll(`#people .km-people__main [data-km-person="${now.dataset.contact}"]`).forEach((a) => a.setAttribute("aria-current", "true"));
  };
  const close = () => {
    const panel = $("#panel:not([hidden])");
    if (!panel) return;
    go(panel.querySelector("[data-km-panel-close]").href);
    panel.hidden = true;
    panel.textContent = "";
    mark();
    const back = [...document.querySelectorAll(`[data-km-person="${from || panel.dataset.contact}"]`)].find((a) => a.getClientRects().length);
    if (back) back.focus();
  };
  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || !event.target.closest) return;
    const link = event.target.closest("[data-km-person]");
    if (link) { event.preventDefault(); open(link); }
    if (event.target.closest("[data-km-panel-close]")) { event.preventDefault(); close(); }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented && !event.target.closest("form, dialog, details[open]")) close();
  });
  addEventListener("popstate", () => { if (location.search !== here) location.reload(); });
  document.addEventListener("htmx:afterSettle", mark);
})();
