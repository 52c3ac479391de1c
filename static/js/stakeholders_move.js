// A card dropped onto another reports to it.
(() => {
  let held = null;
  const cardAt = (at) => at?.closest?.("[data-km-card]");
  const mark = (card, how, yes) => card?.classList.toggle(`km-card--${how}`, yes);
  // The place of the pointer on the map, however it is scrolled.
  const onMap = ({ at, card }) => new DOMPoint(at.x, at.y).matrixTransform(card.ownerSVGElement.getScreenCTM().inverse());
  const aim = (card) => {
    mark(held.over, "under", false);
    held.over = card;
    mark(card, "under", true);
  };
  const letGo = () => {
    aim(null);
    mark(held.card, "held", false);
    held.card.setAttribute("transform", held.place);
    held = null;
  };
  const follow = () => {
    if (!held?.moves) return;
    const { x, y } = onMap(held), { card, from, place, at } = held;
    card.setAttribute("transform", `${place} translate(${x - from.x} ${y - from.y})`);
    aim(cardAt(document.elementFromPoint(at.x, at.y)));
  };
  const on = (name, deed) => document.addEventListener(name, deed, true);
  on("pointerdown", (at) => {
    const card = at.button === 0 && at.pointerType !== "touch" && cardAt(at.target);
    if (card) held = { at, card, from: onMap({ at, card }), place: card.getAttribute("transform") };
  });
  on("pointermove", (at) => {
    if (!held || !held.moves && Math.hypot(at.x - held.at.x, at.y - held.at.y) < 6) return;
    Object.assign(held, { at, moves: true });
    mark(held.card, "held", true);
    follow();
  });
  on("scroll", follow);
  on("pointerup", () => {
    if (!held) return;
    const { card, over } = held;
    letGo();
    if (!over) return;
    const url = card.closest("#people").dataset.move.replace("/0/", `/${card.dataset.kmCard}/`);
    card.classList.add("km-busy");
    htmx.ajax("POST", url, { target: "#people", swap: "outerHTML", values: { reports_to: over.dataset.kmCard, seen: card.dataset.version } });
  });
  on("keydown", ({ key }) => held?.moves && key === "Escape" && letGo());
  on("dragstart", (event) => cardAt(event.target) && event.preventDefault());
})();
