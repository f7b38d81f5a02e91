// What the desk has with a script and works without: keys, files that come in while one types, faults beside the fields.
"use strict";

const typing = (at) => at instanceof HTMLElement && (at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName));

document.addEventListener("keydown", (event) => {
  if (typing(event.target) || event.ctrlKey || event.metaKey || event.altKey || localStorage.getItem("keys") === "off") return;
  const find = (key) => document.querySelector(`[aria-keyshortcuts="${CSS.escape(key)}"]`);
  const goal = find(event.key) || find(event.key.toUpperCase());
  if (!goal) return;
  event.preventDefault();
  if (goal.matches("input, textarea, select")) goal.focus();
  else goal.click();
});

// The first fault has the focus, so that a screen reader begins there.
document.querySelector("[role=alert][tabindex]")?.focus();

// What is on its way is looked at again.
if (document.querySelector("[data-again]")) setTimeout(() => location.reload(), 1000);

const form = document.getElementById("new");
if (form) {
  const list = document.getElementById("files");
  const pick = document.getElementById("pick");
  const save = document.getElementById("save");
  const drop = form.querySelector(".drop");
  const id = form.elements.drop;
  let coming = 0;
  let wanted = false;

  const begin = async () => {
    if (id.value) return;
    const answer = await fetch(form.dataset.drops, { method: "POST" });
    if (!answer.ok) throw new Error(String(answer.status));
    id.value = (await answer.json()).drop;
  };

  const row = (file) => {
    const made = document.getElementById("row").content.firstElementChild.cloneNode(true);
    const name = file.name.normalize("NFC");
    made.querySelector("h3").textContent = name;
    made.querySelector(".kind").textContent = (/\.(\w{1,5})$/.exec(name)?.[1] ?? "").toUpperCase();
    for (const input of made.querySelectorAll("input[type=radio]")) input.name = `share:${name}`;
    made.querySelector("[data-note]").name = `note:${name}`;
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
    made.querySelector("label")?.remove();
    made.querySelector("progress")?.remove();
    made.querySelector("button").onclick = () => made.remove();
  };

  const send = (file) => {
    const made = row(file);
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
      if (request.status === 200) made.querySelector("p").textContent = list.dataset.whole;
      else if (request.status === 401) told(made, list.dataset.ended);
      else {
        let faults = [];
        try { faults = JSON.parse(request.responseText).faults ?? []; } catch { /* it is a page that says the same as `broken` */ }
        told(made, faults.map((one) => one.message).join(" ") || list.dataset.broken);
      }
      over();
    };
    request.onerror = () => { told(made, list.dataset.broken); over(); };
    request.onabort = () => { made.remove(); over(); };
    made.querySelector("button").onclick = async () => {
      if (request.readyState !== XMLHttpRequest.DONE) return request.abort();
      await fetch(`${form.dataset.files}/${id.value}/files/${encodeURIComponent(file.name.normalize("NFC"))}`, { method: "DELETE" });
      made.remove();
    };
    request.open("PUT", `${form.dataset.files}/${id.value}/files/${encodeURIComponent(file.name.normalize("NFC"))}`);
    request.send(file);
  };

  const take = async (files) => {
    try {
      await begin();
    } catch (error) {
      for (const file of files) told(row(file), error.message === "401" ? list.dataset.ended : list.dataset.broken);
      return;
    }
    for (const file of files) send(file);
  };

  pick.addEventListener("change", () => { const files = [...pick.files]; pick.value = ""; take(files); });
  for (const kind of ["dragenter", "dragover"]) form.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("over"); });
  for (const kind of ["dragleave", "drop"]) form.addEventListener(kind, () => drop.classList.remove("over"));
  form.addEventListener("drop", (event) => { event.preventDefault(); take([...event.dataTransfer.files]); });
  document.addEventListener("paste", (event) => { if (event.clipboardData?.files.length) take([...event.clipboardData.files]); });

  form.addEventListener("submit", (event) => {
    if (coming && event.submitter === save) { event.preventDefault(); wanted = true; }
  });

  // The same judge while one types; only what was touched is told of, so nobody is scolded for what they did not reach yet.
  const touched = new Set();
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
          const told = faults.find((one) => one.key === place.dataset.fault && touched.has(one.key));
          place.hidden = !told;
          place.textContent = told?.message ?? "";
        }
      } catch { /* without an answer the form is judged when it is saved */ }
    }, 500);
  };
  form.addEventListener("change", (event) => { touched.add(event.target.name); check(); });

  const share = form.elements.share;
  const shown = () => {
    for (const part of form.querySelectorAll(".if-shared, .shares")) part.hidden = Boolean(share) && !share.checked;
    const type = form.elements.type?.value;
    for (const part of form.querySelectorAll("[data-type]")) part.hidden = part.dataset.type !== type;
  };
  form.addEventListener("change", shown);
  const counted = () => { document.querySelector("#h-b .n").textContent = list.querySelectorAll("li:not(:has(p.fault))").length; };
  new MutationObserver(() => { shown(); counted(); }).observe(list, { childList: true, subtree: true, attributeFilter: ["class"] });
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

const keys = document.getElementById("keys-off");
if (keys) {
  const show = () => { keys.textContent = localStorage.getItem("keys") === "off" ? keys.dataset.on : keys.dataset.off; };
  keys.hidden = false;
  keys.onclick = () => { localStorage.setItem("keys", localStorage.getItem("keys") === "off" ? "on" : "off"); show(); };
  show();
}
