// What the desk has with a script and works without: keys, files that come in while one types, faults beside the fields.
"use strict";

const typing = (at) => at instanceof HTMLElement && (at.isContentEditable || at.matches("input:not([type=checkbox]), textarea, select"));

document.addEventListener("keydown", (event) => {
  if (event.repeat || typing(event.target) || event.ctrlKey || event.metaKey || event.altKey || localStorage.getItem("keys") === "off") return;
  const find = (key) => document.querySelector(`[aria-keyshortcuts="${CSS.escape(key)}"]`);
  const goal = find(event.key) || find(event.key.toUpperCase());
  if (!goal) return;
  event.preventDefault();
  if (goal.matches("input, textarea, select")) goal.focus();
  else goal.click();
});

// The first fault has the focus, so that a screen reader begins there.
document.querySelector("[role=alert][tabindex]")?.focus();

// What is pressed twice is sent once. And whoever presses twice meant the page before: one that follows on a decision takes none in its
// first moment.
const began = Date.now();
addEventListener("submit", (event) => {
  const sent = event.target;
  if (event.defaultPrevented || sent.method !== "post") return;
  const is_early = sent.id === "decision" && new URLSearchParams(location.search).has("was") && Date.now() - began < 500;
  if (is_early || sent.dataset.sent) {
    event.preventDefault();
    return;
  }
  sent.dataset.sent = "1";
  setTimeout(() => delete sent.dataset.sent, 1500);  // what is saved as a file leaves the page as it is
});

// What is to be copied has a button for it where the browser lets a page write to the clipboard (over TLS, or on this machine).
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.onclick = async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = button.dataset.copied;
  };
}

// While a sidecar is mended, the keys and values that fit the line are offered below it.
const sidecar = document.getElementById("sidecar");
const completes = document.getElementById("completes");
if (sidecar && completes) {
  const keys = new Map([...document.querySelectorAll("#keys dt")].map((one) => [one.textContent, JSON.parse(one.dataset.values)]));
  const offered = (line) => {
    const [, key, typed] = /^([\w-]+):\s*(?:\[(?:.*,)?\s*)?([^,\[\]]*)$/.exec(line) ?? [];
    if (key) return [typed, keys.get(key) ?? []];
    const there = new Set(sidecar.value.split("\n").map((one) => one.split(":")[0]));
    return /^[\w-]+$/.test(line) ? [line, [...keys.keys()].filter((one) => !there.has(one) || one === line).map((one) => `${one}: `)] : ["", []];
  };
  const look = () => {
    const at = sidecar.selectionStart;
    const [typed, all] = offered(sidecar.value.slice(0, at).split("\n").pop());
    const fitting = all.filter((one) => one !== typed && one.toLowerCase().startsWith(typed.toLowerCase())).slice(0, 8);
    completes.replaceChildren(...fitting.map((one) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "plain";
      button.textContent = one.trim();
      button.onclick = () => {
        sidecar.setRangeText(one, at - typed.length, at, "end");
        sidecar.focus();
        look();
      };
      return button;
    }));
    completes.hidden = !fitting.length;
  };
  for (const what of ["input", "keyup", "click"]) sidecar.addEventListener(what, look);
}

// What is on its way is looked at again. That is no click: nobody stays logged in by it.
if (document.querySelector("[data-again]")) setTimeout(() => location.replace("?again=1"), 1000);

// A list tells when it is not as it was any more, and does not change under anybody's hands. To ask is no click either.
const live = document.querySelector("[data-live]");
if (live) {
  const look = async () => {
    const note = live.querySelector("template");
    if (document.hidden || !note) return;
    const address = new URL(location.href);
    address.searchParams.set("again", "1");
    try {
      const answer = await fetch(address, { headers: { "If-None-Match": `"${live.dataset.live}"` }, redirect: "manual" });
      if (answer.status !== 200 || !note.isConnected) return;
    } catch { return; }  // the desk can't be reached just now
    note.replaceWith(note.content);
    document.title = `● ${document.title}`;
  };
  setInterval(look, 10000);
  document.addEventListener("visibilitychange", look);
}

// What was typed on "New item" stays through a reload: in this tab alone, for whoever typed it, until it is saved or somebody logs out in
// this browser.
const who = document.body.dataset.who;
const stores = (() => { try { return { tab: sessionStorage, browser: localStorage }; } catch { return null; } })();  // a browser may have none
const kept_at = (key) => { try { return JSON.parse(stores.tab.getItem(key)); } catch { return null; } };
const forget = (is_over) => {
  for (const key of Object.keys(stores?.tab ?? {}).filter((one) => one.startsWith("new "))) {
    const kept = kept_at(key);
    if (!kept || is_over(kept)) stores.tab.removeItem(key);
  }
};
const left = Number(stores?.browser.getItem("left") ?? 0);
forget((kept) => kept.at <= left || (who && kept.who !== who));
addEventListener("storage", (event) => { if (event.key === "left") forget(() => true); });
document.querySelector("form[action$='/_logout']")?.addEventListener("submit", () => {
  stores?.browser.setItem("left", String(Date.now()));
  forget(() => true);
});

const form = document.getElementById("new");
// Saved: the page that follows is another one, and tells of no trouble.
if (who && !form && !document.querySelector("[data-unsaved]")) forget((kept) => kept.sent);
if (form) {
  const list = document.getElementById("files");
  const pick = document.getElementById("pick");
  const save = document.getElementById("save");
  const drop = form.querySelector(".drop");
  const id = form.elements.drop;
  const asked = new URLSearchParams(location.search);
  if (asked.has("kept")) {
    if (form.dataset.saved) asked.delete("drop");  // it was saved meanwhile, in another tab say
    asked.delete("kept");
    history.replaceState(null, "", `?${asked}`);
    forget((kept) => kept.drop === form.dataset.saved);
  }
  let coming = 0;
  let wanted = false;

  const ask = async () => {
    const answer = await fetch(form.dataset.drops, { method: "POST" });
    if (!answer.ok) throw new Error(String(answer.status));
    id.value = (await answer.json()).drop;
    history.replaceState(null, "", `?${new URLSearchParams({ ...Object.fromEntries(asked), drop: id.value })}`);  // a reload finds its files
    if (kept_at(key)) keep();
  };

  // Asked once, whoever asks while it is under way: of two, files would come into the one that is not saved.
  let begun = null;
  const begin = async () => {
    if (id.value) return;
    begun ??= ask().finally(() => { begun = null; });
    await begun;
  };

  const of_name = (name) => [...list.children].find((one) => one.querySelector("h3").textContent.toLowerCase() === name.toLowerCase());

  const row = (name) => {
    const made = document.getElementById("row").content.firstElementChild.cloneNode(true);
    of_name(name)?.remove();  // it comes in its place
    made.querySelector("h3").textContent = name;
    made.querySelector(".kind").textContent = (/\.(\w{1,5})$/.exec(name)?.[1] ?? "").toUpperCase();
    for (const input of made.querySelectorAll("input[type=radio]")) input.name = `share:${name}`;
    made.querySelector("[data-name]").name = `name:${name}`;
    made.querySelector("[data-note]").name = `note:${name}`;
    made.querySelector("progress").setAttribute("aria-label", name);
    for (const of of made.querySelectorAll(".of")) of.textContent = ` ${name}`;
    list.append(made);
    return made;
  };

  // What can't be sent is said at the file: it was not kept, and has to be chosen again.
  const told = (made, text) => {
    const line = made.querySelector("p");
    line.textContent = text;
    line.className = "fault";
    made.querySelector("fieldset")?.remove();
    made.querySelector(".asides")?.remove();
    made.querySelector("progress")?.remove();
    taken_out(made);
    made.querySelector("button").onclick = () => made.remove();
  };

  // While it comes in, its button breaks that off; then it takes the file out.
  const taken_out = (made) => {
    const button = made.querySelector("[data-out]");
    button.textContent = button.dataset.out;
  };

  const send = ([name, file]) => {
    const made = row(name);
    const at = () => `${form.dataset.files}/${id.value}/files/${encodeURIComponent(name)}`;
    const bar = made.querySelector("progress");
    const request = new XMLHttpRequest();
    bar.max = file.size || 1;
    coming += 1;
    save.setAttribute("aria-busy", "true");
    const over = () => {
      bar.remove();
      coming -= 1;
      if (coming) return;
      save.removeAttribute("aria-busy");
      if (wanted) form.requestSubmit(save);
      check();
    };
    request.upload.onprogress = (event) => { bar.value = event.loaded; };
    request.onload = () => {
      if (request.status === 200) {
        made.querySelector("p").textContent = list.dataset.whole;
        taken_out(made);
      } else if (request.status === 401) told(made, list.dataset.ended);
      else {
        let faults = [];
        try { faults = JSON.parse(request.responseText).faults ?? []; } catch { /* it is a page that says the same as `broken` */ }
        told(made, faults.map((one) => one.message.replaceAll("`", "")).join(" ") || list.dataset.broken);
      }
      over();
    };
    request.onerror = () => { told(made, list.dataset.broken); over(); };
    request.onabort = () => { made.remove(); over(); };
    made.querySelector("button").onclick = async () => {
      if (request.readyState !== XMLHttpRequest.DONE) return request.abort();
      await fetch(at(), { method: "DELETE" });
      made.remove();
    };
    request.open("PUT", at());
    request.send(file);
  };

  // Names as they are kept. What has the same name in two folders that were dragged is called after its folder, too.
  const named = (files) => {
    const taken = new Map();
    for (const [file, folder] of files) {
      let name = file.name.normalize("NFC");
      while (folder && taken.has(name.toLowerCase())) name = `${folder} - ${name}`.normalize("NFC");
      taken.set(name.toLowerCase(), [name, file]);
    }
    return [...taken.values()];
  };

  const take = async (given) => {
    const files = named(given);
    try {
      await begin();
    } catch (error) {
      for (const [name] of files) told(row(name), error.message === "401" ? list.dataset.ended : list.dataset.broken);
      return;
    }
    for (const file of files) send(file);
  };

  const plain = (files) => [...files].map((file) => [file, ""]);

  // All files of what was dragged, also those in its folders, each with the folder that it lay in.
  const within = async (entry, folder) => {
    if (entry.isFile) return [[await new Promise((found, failed) => entry.file(found, failed)), folder]];
    const reader = entry.createReader();
    const all = [];
    for (;;) {
      const some = await new Promise((found, failed) => reader.readEntries(found, failed));
      if (!some.length) return all;
      for (const one of some) all.push(...await within(one, entry.name));
    }
  };

  const dragged = async (data) => {
    const entries = [...data.items].map((one) => one.webkitGetAsEntry?.()).filter(Boolean);
    if (!entries.some((one) => one.isDirectory)) return plain(data.files);
    return (await Promise.all(entries.map((one) => within(one, "")))).flat();
  };

  pick.addEventListener("change", () => { const files = plain(pick.files); pick.value = ""; take(files); });
  for (const kind of ["dragenter", "dragover"]) form.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("over"); });
  for (const kind of ["dragleave", "drop"]) form.addEventListener(kind, () => drop.classList.remove("over"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    const name = event.dataTransfer.files[0]?.name ?? "";
    dragged(event.dataTransfer).then(take, () => told(row(name), list.dataset.broken));
  });
  // Whatever is pasted is called image.png, so a second one gets a number.
  const pasted = (file) => {
    let name = file.name;
    for (let number = 2; of_name(name); number += 1) name = file.name.replace(/(\.\w+)?$/, ` ${number}$1`);
    return new File([file], name, { type: file.type });
  };
  document.addEventListener("paste", (event) => {
    if (event.clipboardData?.files.length) take(plain([...event.clipboardData.files].map(pasted)));
  });

  // What did not come in stands in the way, until it is chosen again or taken away: nobody leaves it out unawares.
  form.addEventListener("submit", (event) => {
    if (event.submitter?.name !== "save") return;
    const failed = list.querySelector("li:has(p.fault) button");
    if (coming || failed) event.preventDefault();
    wanted = Boolean(coming);
    if (!coming) failed?.focus();
  });

  // The same judge while one types; only what was touched is told of, so nobody is scolded for what they did not reach yet.
  const touched = new Set();
  let places = 0;
  // A fault that stands below a field is said with it, too.
  const tied = (place, is_told) => {
    const field = place.closest(".field")?.querySelector("input:not([type=radio]), select, textarea");
    if (!field) return;
    place.id ||= `live-${places += 1}`;
    const others = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((one) => one !== place.id && document.getElementById(one));
    const all = [...others, ...(is_told ? [place.id] : [])].join(" ");
    if (all) field.setAttribute("aria-describedby", all);
    else field.removeAttribute("aria-describedby");
    if (is_told) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
    field.closest(".has-fault")?.classList.toggle("has-fault", Boolean(is_told));
  };
  let timer = 0;
  const check = () => {
    clearTimeout(timer);
    if (!touched.size) return;
    timer = setTimeout(async () => {
      try {
        await begin();
        const fields = new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === "string"));
        fields.set("check", "1");
        const answer = await fetch(form.action, { method: "POST", body: fields });
        if (!answer.ok) return;
        const faults = (await answer.json()).faults;
        for (const place of form.querySelectorAll("[data-fault]")) {
          const key = place.dataset.fault;
          if (!touched.has(key)) continue;
          for (const before of form.querySelectorAll(`[data-said="${CSS.escape(key)}"]`)) before.remove();  // what was told when it was saved
          const told = faults.find((one) => one.key === key);
          place.hidden = !told;
          place.textContent = told?.message.replaceAll("`", "") ?? "";
          tied(place, told);
        }
      } catch { /* without an answer the form is judged when it is saved */ }
    }, 500);
  };
  form.addEventListener("change", (event) => { touched.add(event.target.name.replace(/^field\./, "")); check(); });

  // What the client will see of it, and what not, as it is filled in.
  const sees = document.getElementById("sees");
  const seen = () => {
    if (!sees) return;
    const said = [...list.querySelectorAll("li:not(:has(p.fault))")].map((one) => [
      one.querySelector("input[name^='name:']")?.value || one.querySelector("h3").textContent, one.querySelector(".shares :checked")?.value,
    ]);
    const of = (value) => said.filter(([, its]) => its === value).map(([name]) => name);
    const explanation = form.elements.explanation.value.trim() ? [sees.dataset.explanation] : [];
    const is_told = form.elements.share_explanation?.checked;
    const there = [sees.dataset.always, ...(is_told ? explanation : []), ...of("yes")];
    const not = [sees.dataset.never, ...(is_told ? [] : explanation), ...of("no")];
    sees.textContent = `${sees.dataset.sees} ${there.join(", ")}. ${sees.dataset.not} ${not.join(", ")}.`;
  };

  const share = form.elements.share;
  const shown = () => {
    for (const part of form.querySelectorAll(".if-shared, .shares")) part.hidden = !share?.checked;
    const type = form.elements.type?.value;
    const asks = share?.checked || form.elements.type?.selectedOptions[0]?.hasAttribute("data-asks");
    for (const part of form.querySelectorAll(".if-asked")) part.hidden = !asks;
    form.querySelector(".for-all").hidden = list.children.length < 2 || !share?.checked;
    seen();
    for (const part of form.querySelectorAll("[data-type]")) part.hidden = part.dataset.type !== type;
  };
  form.addEventListener("change", shown);
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.repeat) return;
    event.preventDefault();
    form.requestSubmit(save);
  });

  // With many files, one answer for all of them.
  const for_all = form.querySelector(".for-all");
  for (const button of for_all.children) {
    button.onclick = () => {
      for (const one of list.querySelectorAll(`.shares [value=${button.dataset.all}]`)) one.checked = true;
      touched.add("attachments");
      check();
      keep();
      seen();
    };
  }

  const offered = (word, text, click) => {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "chip", textContent: text });
    button.onclick = click;
    if (word.nextSibling?.textContent.startsWith(",")) word.nextSibling.remove();
    word.parentElement.classList.add("chips");
    word.replaceWith(button);
  };

  // A location that was used lately is taken over with a click. So is a label, and again taken away.
  for (const word of form.querySelectorAll("[data-location]")) {
    offered(word, word.dataset.location, () => {
      form.elements.location.value = word.dataset.location;
      form.elements.location.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
  const labels = form.elements.labels;
  for (const word of form.querySelectorAll("[data-label]")) {
    offered(word, word.dataset.label, () => {
      const has = labels.value.split(",").map((one) => one.trim()).filter(Boolean);
      const without = has.filter((one) => one.toLowerCase() !== word.dataset.label.toLowerCase());
      labels.value = (without.length < has.length ? without : [...has, word.dataset.label]).join(", ");
      labels.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
  const counted = () => { document.querySelector("#h-b .n").textContent = list.querySelectorAll("li:not(:has(p.fault))").length; };
  const key = `new ${new URL(form.action).pathname}`;
  const put = (kept) => { try { stores.tab.setItem(key, JSON.stringify(kept)); } catch { /* there is no room for it, so it isn't kept */ } };
  const keep = () => {
    const typed = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && name !== "drop");
    put({ who, at: Date.now(), preset: asked.get("preset"), drop: id.value, typed, files: [...list.querySelectorAll("h3")].map((one) => one.textContent) });
  };
  // What a preset said that was chosen since goes before.
  const restore = (kept) => {
    const is_filled = (field) => asked.get("preset") !== kept.preset && (field.value || !/^(text|textarea|date)$/.test(field.type));
    const is_of = (name, value) => kept.typed.some(([other, its]) => other === name && its === value);
    const lost = kept.files.filter((name) => !of_name(name));
    for (const name of lost) told(row(name), list.dataset.broken);
    for (const name of new Set([...form.elements].map((one) => one.name).filter((one) => one && one !== "drop"))) {
      const values = kept.typed.filter(([other]) => other === name).map(([, value]) => value);
      for (const field of [...form.elements].filter((one) => one.name === name)) {
        if (/^(button|submit|file|hidden)$/.test(field.type) || is_filled(field)) continue;
        if (/^(radio|checkbox)$/.test(field.type)) field.checked = is_of(name, field.value);
        else if (field.type !== "select-one" || [...field.options].some((one) => one.value === values[0])) field.value = values.shift() ?? "";
        if (field.value && field.matches("details input:not([type=radio])")) field.closest("details").open = true;
      }
    }
    const note = document.getElementById("kept");
    note.hidden = false;
    note.querySelector(".again").hidden = !lost.length;
    note.querySelector("button").onclick = () => {
      stores.tab.removeItem(key);
      location.assign(form.action);
    };
  };
  const kept = kept_at(key);
  const is_reloaded = performance.getEntriesByType("navigation")[0]?.type === "reload";
  if (kept?.drop && form.dataset.fresh !== undefined && !asked.has("drop")) {  // its files are there still
    location.replace(`?${new URLSearchParams({ ...Object.fromEntries(asked), drop: kept.drop, kept: 1 })}`);
  } else if (kept && (form.dataset.fresh !== undefined || is_reloaded)) restore(kept);
  if (kept?.sent) put({ ...kept, sent: false });  // it came back
  if (kept && asked.get("preset") !== kept.preset) keep();
  for (const what of ["input", "change"]) form.addEventListener(what, keep);
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.submitter?.name !== "save") return;
    keep();
    put({ ...kept_at(key), sent: true });
  });
  new MutationObserver(() => { shown(); counted(); if (list.children.length || kept_at(key)) keep(); }).observe(list, { childList: true, subtree: true, attributeFilter: ["class"] });
  shown();
}

// Clients are offered while one types; what was typed is understood without it, too.
for (const field of document.querySelectorAll("[data-suggest]")) {
  let waiting = 0;
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const answer = await fetch(`${field.dataset.suggest}?q=${encodeURIComponent(field.value)}`);
      if (!answer.ok) return;
      field.list.replaceChildren(...(await answer.json()).map((name) => new Option("", name)));
    }, 150);
  });
}

// Whoever types a client means that one, and not the one that was ticked beforehand.
document.querySelector("#client")?.addEventListener("input", () => {
  const other = document.querySelector("[name=chosen][value='']");
  if (other) other.checked = true;
});

const keys = document.getElementById("keys-off");
if (keys) {
  const show = () => { keys.textContent = localStorage.getItem("keys") === "off" ? keys.dataset.on : keys.dataset.off; };
  keys.hidden = false;
  keys.onclick = () => { localStorage.setItem("keys", localStorage.getItem("keys") === "off" ? "on" : "off"); show(); };
  show();
}
