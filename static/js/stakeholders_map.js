// The map fits its place where it stays readable, and is made smaller and larger by its buttons.
(() => {
  const READABLE = 0.69;
  const sheet = () => document.querySelector(".km-map__sheet");
  const natural = (svg) => svg.viewBox.baseVal;
  const size = (svg, scale) => {
    const { width, height } = natural(svg);
    svg.setAttribute("width", Math.round(width * scale));
    svg.setAttribute("height", Math.round(height * scale));
  };
  const fitting = (svg) => Math.min(1, (svg.parentNode.clientWidth - 4) / natural(svg).width);
  const begin = () => {
    const svg = sheet();
    if (svg && svg.getClientRects().length) size(svg, Math.max(READABLE, fitting(svg)));
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("[data-km-zoom]");
    const svg = sheet();
    if (!button || !svg) return;
    const now = svg.clientWidth / natural(svg).width;
    const wanted = { in: now * 1.25, out: now / 1.25, fit: fitting(svg), full: 1 }[button.dataset.kmZoom];
    size(svg, Math.min(3, Math.max(0.1, wanted)));
  });
  // It fits again when its place becomes wider or narrower, as when a person opens beside it.
  const watch = new ResizeObserver(begin);
  const show = () => {
    watch.disconnect();
    const place = document.querySelector(".km-people__main");
    if (place) watch.observe(place);
  };
  show();
  document.addEventListener("htmx:afterSettle", show);
  // The panel takes its place at once.
  document.addEventListener("htmx:beforeRequest", ({ detail: { target } }) => {
    if (target.id !== "panel" || !target.hidden) return;
    target.append(document.querySelector("#panel-waits").content.cloneNode(true));
    target.hidden = false;
  });
  // Whoever comes second sees the map as the first one left it.
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.xhr.status !== 409 || detail.target.id !== "people") return;
    detail.shouldSwap = true;
    detail.isError = false;
  });
})();
