// Theme, dialogs, menus, keys, toasts, htmx glue, kept notes.
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => root.querySelectorAll(selector);
  const on = (name, act, early) => document.addEventListener(name, act, early);
  const near = (event, selector) => event.target.closest?.(selector);
  const root = document.documentElement;

  // Theme
  const showTheme = () => {
    const now = root.dataset.theme = localStorage.getItem("km-theme") || "system";
    $$("[data-km-theme]").forEach((b) => b.setAttribute("aria-pressed", b.dataset.kmTheme === now));
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
  $$("#km-toasts > .km-toast").forEach((item) => {
    say(item.firstElementChild.textContent);
    fade(item, 10000);
  });
  on("km:toast", (event) => toast(event.detail));

  // Dialogs, menus
  let opener = null;
  const open = (id) => {
    const dialog = document.getElementById(id);
    if (!dialog || dialog.open) return;
    opener = document.activeElement;
    $$("dialog[open]").forEach((d) => d.close());
    dialog.showModal();
  };
  on("close", ({ target }) => {
    if (target.matches("dialog") && opener?.isConnected) opener.focus();
  }, true);
  const closeMenus = (except) => $$("details.km-menu[open]").forEach((m) => { m.open = m === except; });
  on("click", (event) => {
    const at = event.target;
    if (!at.closest) return;
    const opens = near(event, "[data-km-open]");
    if (opens) { closeMenus(); return open(opens.dataset.kmOpen); }
    closeMenus(at.closest("details.km-menu"));
    const theme = at.closest("[data-km-theme]");
    if (theme) {
      localStorage.setItem("km-theme", theme.dataset.kmTheme);
      showTheme();
    }
    if (at.closest("[data-km-dismiss]")) at.closest(".km-toast").remove();
    if (at.closest("[data-km-cancel]")) forget(at.closest("form"));
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
  on("keydown", (event) => {
    const { key, altKey } = event;
    const command = event.ctrlKey || event.metaKey;
    if (command && !altKey && !event.shiftKey && key.toLowerCase() === "k") {
      event.preventDefault();
      open("km-palette");
      return;
    }
    if (key === "Escape") {
      const menu = $("details.km-menu[open]");
      if (menu) { menu.open = false; $("summary", menu).focus(); }
      return;
    }
    const inField = near(event, "input, textarea, select, [contenteditable], dialog[open]");
    if (!keysOn() || inField || command || altKey) return;
    if (afterG && Date.now() - afterG < 1500) {
      afterG = 0;
      const link = $(`[data-km-go="${CSS.escape(key)}"]`);
      if (link) { event.preventDefault(); location.assign(link.href); return; }
    }
    if (key === "g") afterG = Date.now();
    else if (key === "?") { event.preventDefault(); open("km-keys"); }
    else if (key === "/") {
      event.preventDefault();
      const filter = $("[data-km-filter]");
      if (filter) filter.focus(); else open("km-palette");
    } else if (/^[a-z]$/.test(key)) {
      const button = $(`[data-km-key="${key}"]`);
      if (button) { event.preventDefault(); button.click(); }
    }
  });

  // htmx glue
  on("htmx:configRequest", ({ detail }) => {
    const token = $("meta[name=csrf-token]");
    if (token && detail.verb !== "get") detail.headers["X-CSRFToken"] = token.content;
  });
  const failed = (text) => toast({ text, error: true });
  on("htmx:sendError", () => failed("No connection. Nothing was saved; what you typed is still here."));
  on("htmx:responseError", (event) => failed({
    403: "Your role may not do this. Nothing was changed.",
    404: "That is gone, or not among what you may see.",
    409: "Somebody changed this meanwhile. Reload to see both versions.",
  }[event.detail.xhr.status] || "The server failed. Nothing was saved; try again in a minute."));

  // A write shows at once and goes out once.
  const writes = "[hx-post], [hx-put], [hx-patch], [hx-delete]";
  const busy = (at) => { at.classList.add("km-busy"); at.ariaBusy = "true"; };
  const stop = (event) => { event.preventDefault(); event.stopImmediatePropagation(); };
  const calm = (at) => { at.classList.remove("km-busy"); at.ariaBusy = null; };
  on("submit", (event) => {
    const form = event.target;
    if (form.dataset.kmSent) return stop(event);
    if (form.method !== "post" || form.matches(writes)) return;
    form.dataset.kmSent = "1";
    if (event.submitter) busy(event.submitter);
    // The answer is a file, the page stays: it may be asked for again.
    if ("kmFile" in form.dataset) setTimeout(release, 3000, form);
  }, true);
  on("click", (event) => {
    if (near(event, writes)?.matches(".km-busy")) stop(event);
  }, true);
  on("htmx:beforeRequest", (event) => {
    const at = event.target;
    if (!at.matches(writes)) return;
    if (at.matches("form")) {
      at.dataset.kmSent = "1";
      const by = event.detail.requestConfig.triggeringEvent?.submitter;
      if (by) busy(by);
    } else busy(at);
  });
  const release = (form) => {
    delete form.dataset.kmSent;
    $$(".km-busy", form).forEach(calm);
  };
  on("htmx:afterRequest", (event) => {
    // Its own answer may have replaced the form: then the event names what is around it.
    const at = (event.detail.requestConfig || event.detail).elt;
    if (!at.matches(writes)) return;
    calm(at);
    const form = at.closest("form");
    if (form) release(form);
  });
  // Before the answer is put in: a form that comes with it asks what is kept.
  on("htmx:beforeSwap", ({ detail: { isError, requestConfig: { elt } } }) => {
    if (!isError && elt.matches(writes)) forget(elt.closest("form"));
  });
  window.addEventListener("pageshow", () => $$("form[data-km-sent]").forEach(release));

  // Selects that choose a view send their form.
  on("change", ({ target }) => {
    if (target.matches("[data-km-submit]")) target.form.requestSubmit();
  });

  // What is typed outlives a reload and a lapsed login until it is sent; forms in their place are known by their address.
  const isKept = (form) => form?.matches("[data-km-keep]") || (form?.matches("[hx-post]") && $("textarea, input[type=text]", form));
  const keyOf = (form) => `km-keep:${form.dataset.kmKeep || form.getAttribute("hx-post") || location.pathname}`;
  const fields = (form) => [...form.elements].filter((f) => f.name && !["hidden", "password", "file", "submit"].includes(f.type));
  const held = (f) => (/checkbox|radio/.test(f.type) ? "checked" : "value");
  const keep = (form) => sessionStorage.setItem(keyOf(form), JSON.stringify(fields(form).map((f) => f[held(f)])));
  const forget = (form) => { if (isKept(form)) sessionStorage.removeItem(keyOf(form)); };
  const restore = (form) => {
    const kept = JSON.parse(sessionStorage.getItem(keyOf(form)) || "null");
    if (!kept || $(".errorlist, [role=alert]", form)) return;
    fields(form).forEach((f, i) => {
      const was = f.value;
      if (kept[i] !== undefined) f[held(f)] = kept[i];
      if (was === f.value) return;
      if (f.closest("details")) f.closest("details").open = true;
      if (f.matches("[hx-get]")) htmx.trigger(f, "change");
    });
    say("What you had typed was put back.");
  };
  on("input", ({ target: { form } }) => { if (isKept(form)) keep(form); });
  // The whole page, then each part.
  on("htmx:load", ({ target }) => [target, ...$$("form", target)].filter((at) => at.matches("form") && isKept(at)).forEach(restore));
  $$("[data-km-kept]").forEach((at) => sessionStorage.removeItem(`km-keep:${at.dataset.kmKept}`));

  // Strips scroll their chosen entry into sight.
  const edge = (at) => at?.getBoundingClientRect().right;
  $$(".km-strip, .km-tabs, .km-chips--strip").forEach((strip) => {
    const over = edge($("[aria-current]", strip)) - edge(strip);
    if (over > 0) strip.scrollLeft = over + 24;
  });
})();
