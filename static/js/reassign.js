// One box ticks all accounts shown; without scripts it stays hidden.
document.querySelectorAll("[data-km-all]").forEach((all) => {
  const boxes = [...document.querySelectorAll(`input[name="${all.dataset.kmAll}"]`)];
  all.hidden = false;
  const show = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    all.checked = ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  };
  all.addEventListener("change", () => boxes.forEach((box) => { box.checked = all.checked; }));
  document.addEventListener("change", (event) => { if (boxes.includes(event.target)) show(); });
  show();
});
