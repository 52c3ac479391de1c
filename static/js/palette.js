// Find: a combobox in a dialog; the server sends the options as links.
(() => {
  const dialog = document.getElementById("km-palette");
  if (!dialog) return;
  const [input, list, note] = ["input", "[role=listbox]", "[role=status]"].map((each) => dialog.querySelector(each));
  const pages = list.innerHTML;
  let chosen = -1, waiting, asked;

  const options = () => [...list.querySelectorAll("[role=option]")];
  const choose = (index) => {
    const all = options();
    chosen = all.length ? (index + all.length) % all.length : -1;
    all.forEach((option, i) => {
      option.id ||= `km-option-${i}`;
      option.tabIndex = -1;
      option.setAttribute("aria-selected", i === chosen);
    });
    if (chosen >= 0) {
      input.setAttribute("aria-activedescendant", all[chosen].id);
      all[chosen].scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  };
  const show = (html, words) => {
    list.innerHTML = html;
    const n = options().length;
    list.hidden = !n;
    input.setAttribute("aria-expanded", n > 0);
    note.textContent = words || (n ? "" : "Nothing found. Try a part of the name.");
    choose(0);
  };
  const matchingPages = (words) => {
    show(pages);
    options().filter((o) => !o.firstElementChild.textContent.toLowerCase().includes(words)).forEach((o) => o.remove());
    return list.innerHTML;
  };
  const ask = async () => {
    const words = input.value.trim();
    if (!words) return show(pages);
    const local = matchingPages(words.toLowerCase());
    if (!dialog.dataset.kmUrl) return show(local);
    asked?.abort();
    const mine = (asked = new AbortController());
    try {
      const answer = await fetch(`${dialog.dataset.kmUrl}?q=${encodeURIComponent(words)}`, { headers: { "HX-Request": "true" }, signal: mine.signal });
      const away = answer.headers.get("HX-Redirect");
      if (away) return location.assign(away);
      if (!answer.ok || answer.redirected) throw new Error(answer.status);
      const found = await answer.text();
      if (mine === asked) show(found + local);
    } catch (problem) {
      if (problem.name !== "AbortError") show(local, "The search does not answer. Pages can still be opened.");
    }
  };
  input.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(ask, 80); });
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const enters = event.key === "Enter" && chosen >= 0;
    if (step || enters) event.preventDefault();
    if (step) choose(chosen + step);
    else if (enters) options()[chosen].click();
  });
  dialog.addEventListener("close", () => { input.value = ""; show(pages); });
  choose(0);
})();
