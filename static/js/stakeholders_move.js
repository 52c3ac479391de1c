// A card dropped onto another reports to it, as "Reports to" in the panel does.
(() => {
  let held = null;
  const cardAt = (at) => at && at.closest && at.closest("[data-km-card]");
  const aim = (card) => {
    if (held.over) held.over.classList.remove("km-card--under");
    held.over = card;
    if (card) card.classList.add("km-card--under");
  };
  const letGo = () => {
    aim(null);
    held.card.classList.remove("km-card--held");
    held.card.setAttribute("transform", held.place);
    held = null;
  };
  document.addEventListener("pointerdown", (event) => {
    const card = event.button === 0 && event.pointerType !== "touch" && cardAt(event.target);
    if (card) held = { card, x: event.clientX, y: event.clientY, place: card.getAttribute("transform") };
  });
  document.addEventListener("pointermove", (event) => {
    if (!held) return;
    const dx = event.clientX - held.x, dy = event.clientY - held.y;
    if (!held.scale) {
      if (Math.hypot(dx, dy) < 6) return;
      held.scale = held.card.getScreenCTM().a || 1;
      held.card.classList.add("km-card--held");
    }
    held.card.setAttribute("transform", `${held.place} translate(${dx / held.scale} ${dy / held.scale})`);
    const over = cardAt(document.elementFromPoint(event.clientX, event.clientY));
    aim(over === held.card ? null : over);
  });
  document.addEventListener("pointerup", () => {
    if (!held) return;
    const { card, over, scale } = held;
    if (!scale) { held = null; return; }
    letGo();
    if (!over) return;
    const url = document.getElementById("people").dataset.move.replace("/0/", `/${card.dataset.kmCard}/`);
    card.classList.add("km-busy");
    htmx.ajax("POST", url, { target: "#people", swap: "outerHTML", values: { reports_to: over.dataset.kmCard, seen: card.dataset.version } });
  });
  document.addEventListener("keydown", (event) => { if (held && held.scale && event.key === "Escape") letGo(); });
  document.addEventListener("dragstart", (event) => { if (cardAt(event.target)) event.preventDefault(); });
})();
