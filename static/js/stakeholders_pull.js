// A card held at the edge of the window or of the map pulls the map along.
(() => {
  const EDGE = 48;
  let at = null, pulls = false;
  const past = (here, first, last) => (here < first + EDGE ? here - first - EDGE : Math.max(0, here - last + EDGE)) / 4;
  const pull = () => {
    const card = document.querySelector(".km-card--held");
    pulls = Boolean(card);
    if (!card) return;
    const map = card.ownerSVGElement.parentNode, { left, right } = map.getBoundingClientRect();
    scrollBy(0, past(at.clientY, 0, innerHeight));
    map.scrollBy(past(at.clientX, Math.max(0, left), Math.min(innerWidth, right)), 0);
    requestAnimationFrame(pull);
  };
  document.addEventListener("pointermove", (event) => {
    at = event;
    if (!pulls) pull();
  });
})();
