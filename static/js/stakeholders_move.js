// A card dropped onto another reports to it, as "Reports to" in the panel does.
(() => {
  const EDGE = 48;
  let held = null;
  const cardAt = (at) => at && at.closest && at.closest("[data-km-card]");
  // Where the pointer is on the map, wherever that was scrolled to.
  const onMap = () => new DOMPoint(held.x, held.y).matrixTransform(held.sheet.getScreenCTM().inverse());
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
  const follow = () => {
    const now = onMap();
    held.card.setAttribute("transform", `${held.place} translate(${now.x - held.from.x} ${now.y - held.from.y})`);
    const over = cardAt(document.elementFromPoint(held.x, held.y));
    aim(over === held.card ? null : over);
  };
  const past = (at, first, last) => (at < first + EDGE ? at - first - EDGE : Math.max(0, at - last + EDGE)) / 4;
  // A card held at the edge pulls the map along.
  const pull = () => {
    if (!held || !held.moves) return;
    const place = held.sheet.parentNode, { left, right } = place.getBoundingClientRect();
    scrollBy(0, past(held.y, 0, innerHeight));
    place.scrollBy(past(held.x, Math.max(0, left), Math.min(innerWidth, right)), 0);
    follow();
    requestAnimationFrame(pull);
  };
  document.addEventListener("pointerdown", (event) => {
    const card = event.button === 0 && event.pointerType !== "touch" && cardAt(event.target);
    if (!card) return;
    held = { card, sheet: card.ownerSVGElement, x: event.clientX, y: event.clientY, place: card.getAttribute("transform") };
    held.from = onMap();
  });
  document.addEventListener("pointermove", (event) => {
    if (!held) return;
    const far = Math.hypot(event.clientX - held.x, event.clientY - held.y);
    if (!held.moves && far < 6) return;
    held.x = event.clientX;
    held.y = event.clientY;
    if (held.moves) return;
    held.moves = true;
    held.card.classList.add("km-card--held");
    pull();
  });
  document.addEventListener("pointerup", () => {
    if (!held) return;
    if (held.moves) follow();
    const { card, over, moves } = held;
    if (!moves) { held = null; return; }
    letGo();
    if (!over) return;
    const url = document.getElementById("people").dataset.move.replace("/0/", `/${card.dataset.kmCard}/`);
    card.classList.add("km-busy");
    htmx.ajax("POST", url, { target: "#people", swap: "outerHTML", values: { reports_to: over.dataset.kmCard, seen: card.dataset.version } });
  });
  document.addEventListener("keydown", (event) => { if (held && held.moves && event.key === "Escape") letGo(); });
  document.addEventListener("dragstart", (event) => { if (cardAt(event.target)) event.preventDefault(); });
})();
