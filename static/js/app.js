// Frame: theme, dialogs, menus, keys, toasts, htmx glue, kept notes. Every key has a visible button.
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const root = document.documentElement;

  // Theme
  const showTheme = () => {
    const now = localStorage.getItem("km-theme") || "system";
    if (now === "system") delete root.dataset.theme; else root.dataset.theme = now;
    document.querySelectorAll("[data-km-theme]").forEach((b) => b.setAttribute("aria-pressed", b.dataset.kmTheme === now));
  };
  showTheme();

  // Toasts and the one status region
  const say = (text) => {
    const region = $("#km-status");
    if (!region) return;
    region.textContent = "";
    setTimeout(() => { region.textContent = text; }, 50);
  };
  const toast = ({ text, undo, error }) => {
    const box = $("#km-toasts");
    say(undo ? `${text} Undo is offered for 10 seconds.` : text);
    if (!box) return;
    const make = (tag, className, textContent) => Object.assign(document.createElement(tag), { className, textContent });
    const button = (words, act) => {
      const made = make("button", "km-btn", words);
      made.addEventListener("click", () => { item.remove(); act(); });
      return made;
    };
    const item = make("div", "km-toast", "");
    item.append(make("span", "", text));
    if (undo) item.append(button("Undo", () => htmx.ajax("POST", undo, { target: "body", swap: "none" })));
    item.append(button("Close", () => {}));
    box.append(item);
    fade(item, undo || error ? 10000 : 5000);
  };
  // A toast waits while the pointer or the focus is in it.
  const fade = (item, after) => setTimeout(() => (item.matches(":hover, :focus-within") ? fade(item, 2000) : item.remove()), after);
  document.querySelectorAll("#km-toasts > .km-toast").forEach((item) => {
    say(item.firstElementChild.textContent);
    fade(item, 10000);
  });
  document.body.addEventListener("km:toast", (event) => toast(event.detail));

  // Dialogs, menus
  let opener = null;
  const open = (id) => {
    const dialog = document.getElementById(id);
    if (!dialog || dialog.open) return;
    opener = document.activeElement;
    document.querySelectorAll("dialog[open]").forEach((d) => d.close());
    dialog.showModal();
  };
  document.addEventListener("close", (event) => {
    if (event.target.matches("dialog") && opener && opener.isConnected) opener.focus();
  }, true);
  const closeMenus = (except) => document.querySelectorAll("details.km-menu[open]").forEach((m) => { if (m !== except) m.open = false; });
  document.addEventListener("click", (event) => {
    const at = event.target;
    if (!at.closest) return;
    const opens = at.closest("[data-km-open]");
    if (opens) { closeMenus(); open(opens.dataset.kmOpen); return; }
    closeMenus(at.closest("details.km-menu"));
    const theme = at.closest("[data-km-theme]");
    if (theme) {
      const wanted = theme.dataset.kmTheme;
      localStorage.setItem("km-theme", wanted);
      showTheme();
    }
    if (at.closest("[data-km-dismiss]")) at.closest(".km-toast").remove();
    if (at.closest("[data-km-close]")) at.closest("dialog").close();
    if (at.closest("[data-km-print]")) window.print();
    if (at.matches("dialog")) at.close();
  });

  // Keys
  const keysOn = () => localStorage.getItem("km-keys") !== "off";
  const box = $("#km-keys-on");
  if (box) {
    box.checked = keysOn();
    box.addEventListener("change", () => localStorage.setItem("km-keys", box.checked ? "on" : "off"));
  }
  let afterG = 0;
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open("km-palette");
      return;
    }
    if (event.key === "Escape") {
      const menu = $("details.km-menu[open]");
      if (menu) { menu.open = false; $("summary", menu).focus(); }
      return;
    }
    const inField = event.target.closest && event.target.closest("input, textarea, select, [contenteditable], dialog[open]");
    if (!keysOn() || inField || event.ctrlKey || event.metaKey || event.altKey) return;
    if (afterG && Date.now() - afterG < 1500) {
      afterG = 0;
      const link = $(`[data-km-go="${CSS.escape(event.key)}"]`);
      if (link) { event.preventDefault(); location.assign(link.href); return; }
    }
    if (event.key === "g") afterG = Date.now();
    else if (event.key === "?") { event.preventDefault(); open("km-keys"); }
    else if (event.key === "/") {
      event.preventDefault();
      const filter = $("[data-km-filter]");
      if (filter) filter.focus(); else open("km-palette");
    } else if (/^[a-z]$/.test(event.key)) {
      const button = $(`[data-km-key="${event.key}"]`);
      if (button) { event.preventDefault(); button.click(); }
    }
  });

  // htmx glue
  document.body.addEventListener("htmx:configRequest", (event) => {
    const token = $("meta[name=csrf-token]");
    if (token && event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token.content;
  });
  const failed = (text) => toast({ text, error: true });
  document.body.addEventListener("htmx:sendError", () => failed("No connection. Nothing was saved; what you typed is still here."));
  document.body.addEventListener("htmx:responseError", (event) => failed({
    403: "Your role may not do this. Nothing was changed.",
    404: "That is gone, or not among what you may see.",
    409: "Somebody changed this meanwhile. Reload to see both versions.",
  }[event.detail.xhr.status] || "The server failed. Nothing was saved; try again in a minute."));

  // A write shows at once and goes out once.
  const writes = "[hx-post], [hx-put], [hx-patch], [hx-delete]";
  const busy = (at) => { at.classList.add("km-busy"); at.setAttribute("aria-busy", "true"); };
  const calm = (at) => { at.classList.remove("km-busy"); at.removeAttribute("aria-busy"); };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.kmSent) { event.preventDefault(); event.stopImmediatePropagation(); return; }
    if (form.method !== "post" || form.matches(writes)) return;
    form.dataset.kmSent = "1";
    if (event.submitter) busy(event.submitter);
    // A file comes back and the page stays: a moment later it may be asked for again.
    if ("kmFile" in form.dataset) setTimeout(release, 3000, form);
  }, true);
  document.addEventListener("click", (event) => {
    const at = event.target.closest && event.target.closest(writes);
    if (at && at.matches(".km-busy")) { event.preventDefault(); event.stopImmediatePropagation(); }
  }, true);
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    const at = event.target;
    if (!at.matches(writes)) return;
    if (at.matches("form")) {
      at.dataset.kmSent = "1";
      const by = event.detail.requestConfig.triggeringEvent;
      if (by && by.submitter) busy(by.submitter);
    } else busy(at);
  });
  const release = (form) => {
    delete form.dataset.kmSent;
    form.querySelectorAll(".km-busy").forEach(calm);
  };
  document.body.addEventListener("htmx:afterRequest", (event) => {
    // A form that its own answer replaced is off the page by now; the event names what is left around it.
    const at = event.detail.requestConfig ? event.detail.requestConfig.elt : event.detail.elt;
    if (!at.matches(writes)) return;
    calm(at);
    const form = at.closest("form");
    if (form) release(form);
    if (form && event.detail.successful) forget(form);
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-km-sent]").forEach(release));

  // Selects that choose a view send their form; without scripts the form has a button.
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-km-submit]")) event.target.form.requestSubmit();
  });

  // Typed notes outlive a reload and a lapsed login; sent ones are dropped when the next page is not the form again.
  // So do texts in forms that open in their place: those are known by where they are sent.
  const isKept = (form) => form.matches("[data-km-keep]") || (form.matches("[hx-post]") && Boolean($("textarea, input[type=text]", form)));
  const keyOf = (form) => `km-keep:${form.dataset.kmKeep || form.getAttribute("hx-post") || location.pathname}`;
  const fields = (form) => [...form.elements].filter((f) => f.name && !["hidden", "password", "file", "submit"].includes(f.type));
  const keep = (form) => sessionStorage.setItem(keyOf(form), JSON.stringify(fields(form).map((f) => (/checkbox|radio/.test(f.type) ? f.checked : f.value))));
  const forget = (form) => { if (isKept(form)) sessionStorage.removeItem(keyOf(form)); };
  const restore = (form) => {
    const kept = JSON.parse(sessionStorage.getItem(keyOf(form)) || "null");
    if (!kept || $(".errorlist, [role=alert]", form)) return;
    fields(form).forEach((f, i) => {
      if (kept[i] === undefined) return;
      if (/checkbox|radio/.test(f.type)) f.checked = kept[i]; else f.value = kept[i];
    });
    say("What you had typed was put back.");
  };
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form && isKept(form)) keep(form);
  });
  document.addEventListener("click", (event) => {
    const cancel = event.target.closest && event.target.closest("form [data-km-cancel]");
    if (cancel) forget(cancel.closest("form"));
  });
  const restoreIn = (part) => [part, ...part.querySelectorAll("form")].filter((at) => at.matches("form") && isKept(at)).forEach(restore);
  restoreIn(document.body);
  document.body.addEventListener("htmx:load", (event) => { if (event.target !== document.body) restoreIn(event.target); });
  const done = $("[data-km-kept]");
  if (done) sessionStorage.removeItem(`km-keep:${done.dataset.kmKept}`);

  // Strips scroll their chosen entry into sight.
  document.querySelectorAll(".km-strip, .km-tabs, .km-chips--strip").forEach((strip) => {
    const chosen = $("[aria-current]", strip);
    const over = chosen ? chosen.getBoundingClientRect().right - strip.getBoundingClientRect().right : 0;
    if (over > 0) strip.scrollLeft = over + 24;
  });
})();
