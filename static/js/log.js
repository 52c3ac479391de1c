// The quick box: finds people, makes actions of selected words. Loaded before app.js, which restores its fields.
(() => {
  const KEPT = "km-log-rows", box = document.getElementById("km-log");
  const on = (name, act) => document.addEventListener(name, act);
  const $ = (id) => document.getElementById(`km-log-${id}`);
  const all = (what, at) => [...at.querySelectorAll(what)];
  const make = (tag, props, ...inner) => { const at = Object.assign(document.createElement(tag), props); at.append(...inner); return at; };
  const hidden = (name, value) => make("input", { type: "hidden", name, value });
  const cross = () => { const at = make("button", { type: "button", ariaLabel: "Remove" }, "×"); at.dataset.kmLogRemove = ""; return at; };
  const remember = () => $("chips") && sessionStorage.setItem(KEPT, JSON.stringify({
    account: [$("account").value, $("name").textContent], open: !box.hidden,
    chips: all("[data-id]", $("chips")).map((c) => [c.dataset.kind, c.dataset.id, c.firstChild.data]),
    actions: all("li", $("actions")).map((a) => [a.firstChild.textContent, a.children[2].value]),
  }));
  const about = (id, name) => {
    if ($("account").value !== id) all("[data-id]", $("chips")).forEach((c) => c.remove());
    $("account").value = id || "";
    $("name").textContent = name || "no account yet";
  };
  const chip = (kind, id, name) => {
    if (all("[data-id]", $("chips")).some((c) => c.dataset.kind === kind && c.dataset.id === id)) return;
    const at = make("span", { className: "km-log__chip" }, name, hidden(kind, id), cross());
    Object.assign(at.dataset, { kind, id });
    $("whom").before(at);
  };
  const action = (text, due) => $("actions").append(make("li", {}, make("span", {}, text), hidden("action_text", text),
    make("input", { type: "date", name: "action_due", value: due, className: "km-input", ariaLabel: "Due" }), cross()));
  const clear = () => {
    sessionStorage.removeItem(KEPT);
    sessionStorage.removeItem("km-keep:log");
    $("actions").replaceChildren();
    if ($("chips")) about("");
  };
  let opener = null;
  const open = (by) => {
    if (box.hidden) opener = document.activeElement;
    const { account, accountName, contact, contactName, opportunity, opportunityName } = (by.dataset.account ? by : document.querySelector("[data-km-log][data-account]") || by).dataset;
    if (!$("note").value && account) {
      about(account, accountName);
      if (contact) chip("contact", contact, contactName);
      if (opportunity) chip("opportunity", opportunity, opportunityName);
    }
    box.hidden = false;
    $($("account").value ? "note" : "whom").focus();
    remember();
  };
  const close = () => {
    box.hidden = true;
    remember();
    if (opener && opener.isConnected) opener.focus();
  };
  const list = (shown) => { $("found").hidden = !shown; $("whom").ariaExpanded = shown; };
  const mark = (at) => {
    all("[role=option]", $("found")).forEach((o, i) => { o.id = `km-log-o${i}`; o.ariaSelected = i === at; if (i === at) o.scrollIntoView({ block: "nearest" }); });
    $("whom").setAttribute("aria-activedescendant", `km-log-o${at}`);
  };
  const choose = (at) => {
    const { kind, id, name, account, accountName } = at.dataset;
    about(account, accountName);
    if (kind === "contact") chip(kind, id, name);
    $("whom").value = "";
    list(false);
    $("whom").focus();
    remember();
  };
  const MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec", WEEK = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
  const guess = (text) => {
    const day = new Date(), words = text.toLowerCase();
    day.setHours(12);
    const date = words.match(/\b(\d{1,2})(?:st|nd|rd|th|\.)? (jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)/);
    const name = words.match(/\b(today|tomorrow|sun|mon|tues|wednes|thurs|fri|satur)(day)?\b/);
    if (date) {
      day.setMonth(MONTHS.indexOf(date[2]) / 3, +date[1]);
      if (day < Date.now() - 864e5) day.setFullYear(day.getFullYear() + 1);
    } else {
      const to = name && (name[2] || /^to/.test(name[1])) ? { today: 0, tomorrow: 1 }[name[1] + (name[2] || "")] ?? ((WEEK.indexOf(name[1].slice(0, 3)) - day.getDay() + 6) % 7) + 1 : 7;
      day.setDate(day.getDate() + to);
    }
    return day;
  };
  const said = (day, more) => day.toLocaleDateString("en-GB", { day: "numeric", month: "short", ...more }).replace(",", "");
  // The selection is read when it is used: its event may come after the key.
  const selected = () => { const note = $("note"), text = note.value.slice(note.selectionStart, note.selectionEnd).trim(); return [text, guess(text)]; };
  on("selectionchange", () => {
    if (!$("make") || document.activeElement !== $("note")) return;
    const [text, due] = selected();
    $("make").hidden = !text;
    if (text) $("make").lastElementChild.textContent = `Make it an action, due ${said(due, { weekday: "short" })}`;
  });
  on("click", (event) => {
    const by = (what) => event.target.closest && event.target.closest(what);
    const opens = by("[data-km-log]"), button = by("#km-log-make"), option = by("#km-log-found [role=option]"), gone = by("[data-km-log-remove]");
    if (opens && box) { event.preventDefault(); open(opens); }
    if (by("[data-km-log-close]")) close();
    if (option) choose(option);
    if (button) { const [text, due] = selected(); action(text, due.toISOString().slice(0, 10)); button.hidden = true; $("note").focus(); remember(); }
    if (gone) { gone.parentNode.remove(); remember(); }
  });
  on("mousedown", (event) => { if (event.target.closest("#km-log-found")) event.preventDefault(); });
  on("keydown", (event) => {
    const at = event.target, form = at.closest && at.closest(".km-log__form");
    if (event.key === "Escape" && box && !box.hidden && !document.querySelector("dialog[open]")) {
      if ($("found").hidden) close(); else list(false);
    }
    if (!form) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); form.requestSubmit(form.querySelector("[type=submit]")); return; }
    if (at.id !== "km-log-whom") return;
    const options = all("[role=option]", $("found")), chosen = options.findIndex((o) => o.ariaSelected === "true");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && options.length) {
      event.preventDefault();
      mark((Math.max(chosen + step, -1) + options.length) % options.length);
    }
    if (event.key === "Enter") { event.preventDefault(); if (chosen >= 0 && !$("found").hidden) choose(options[chosen]); }
    if (event.key === "Backspace" && !at.value) { const last = all("[data-id]", $("chips")).pop(); if (last) last.remove(); remember(); }
  });
  on("input", (event) => { if (event.target.id === "km-log-whom") list(false); });
  on("focusout", (event) => { if (event.target.id === "km-log-whom") list(false); });
  on("change", ({ target: at }) => {
    const form = at.form;
    if (!form || form.id !== "km-log-form") return;
    if (at.name === "at") $("now").textContent = at.value ? `${said(new Date(at.value))}, ${at.value.slice(11, 16)}` : "now";
    if (at.name === "channel") form.elements.direction.value = /^m(ail|essage)$/.test(at.value) ? "outbound" : "two_way";
    remember();
  });
  on("reset", (event) => { if (event.target.id === "km-log-form") clear(); });
  on("htmx:afterSwap", (event) => {
    if (event.target.id !== "km-log-found") return;
    const options = all("[role=option]", event.target);
    list(options.length > 0);
    if ($("whom").value && options[0]) mark(0);
  });
  on("km:logged", () => { if (box && !box.hidden) { box.hidden = true; if (opener && opener.isConnected) opener.focus(); } sessionStorage.removeItem(KEPT); });
  const kept = JSON.parse(sessionStorage.getItem(KEPT) || "null");
  // An empty box stays behind.
  if (document.querySelector("[data-km-kept=log]")) sessionStorage.removeItem(KEPT);
  else if (box && kept && (kept.chips[0] || kept.actions[0] || sessionStorage.getItem("km-keep:log"))) {
    about(...kept.account);
    kept.chips.forEach((c) => chip(...c));
    kept.actions.forEach((a) => action(...a));
    box.hidden = !kept.open;
  }
})();
