// What the page can do more where scripts run: search, and marks on what is new. Without it the page is a plain list.
"use strict";

const NEW_DAYS = 14;

const articles = Array.from(document.querySelectorAll("article"));
const box = document.getElementById("search");

function folded(text) {
  return text.normalize("NFD").replace(/\p{Mn}/gu, "").toLowerCase();
}

function markNew() {
  const since = Date.now() - NEW_DAYS * 24 * 3600 * 1000;
  const word = document.getElementById("main").dataset.new;
  for (const article of articles) {
    if (Date.parse(article.dataset.published) < since) {
      break; // newest first: what follows is older
    }
    const mark = document.createElement("strong");
    mark.textContent = word;
    article.querySelector(".about").prepend(mark);
  }
}

// The files that fit stand out: what their names lack of the words is in the item's own. Of a folded list they alone are shown.
function markFiles(article, words) {
  const about = folded(Array.from(article.querySelectorAll("h3, .about, .more"), (part) => part.textContent).join(" "));
  for (const file of article.querySelectorAll("li")) {
    const text = folded(file.textContent);
    const fits = words.some((word) => text.includes(word)) && words.every((word) => text.includes(word) || about.includes(word));
    file.className = fits ? "hit" : "";
  }
  const rest = article.querySelector("details");
  if (rest) {
    const anyFits = article.querySelector(".hit") !== null;
    rest.open = anyFits;
    rest.querySelector("summary").hidden = anyFits;
    for (const file of article.querySelectorAll("li")) {
      file.hidden = anyFits && file.className !== "hit";
    }
  }
}

// Of a long list the older items stand on pages of their own. What they are found by is loaded when it is first asked for:
// each page has a script of its name, which calls older().
const MOST_OLDER = 200;
const olderPages = Array.from(document.querySelectorAll("#older a"));
const olderItems = new Map();
let isLoadingOlder = false;
let whenOlderCame = () => {};

function older(number, items) {
  const page = olderPages.findIndex((link) => link.pathname.endsWith(`/older-${number}.html`));
  const told = items.map(([item, published, year, description, explanation, files]) => ({
    item, published, year, description, files, text: folded([item, description, explanation, ...files].join(" ")),
  }));
  olderItems.set(page, told);
  whenOlderCame();
}

function loadOlder() {
  if (!isLoadingOlder) {
    isLoadingOlder = true;
    for (const link of olderPages) {
      const script = document.createElement("script");
      script.src = link.href.replace(/\.html$/, ".js");
      document.head.append(script);
    }
  }
}

function olderArticle(page, one) {
  const article = document.createElement("article");
  const heading = document.createElement("h3");
  const link = document.createElement("a");
  const about = document.createElement("p");
  link.href = `${olderPages[page].href}#${one.item}`;
  link.textContent = one.description;
  link.dir = "auto";
  heading.append(link);
  about.className = "about";
  about.textContent = `${one.published.slice(0, 10)} ${one.item} · ${one.files.join(", ")}`;
  article.append(heading, about);
  return article;
}

// Show what fits of the older items, the newest first; returns how many there are.
function searchOlder(words, year) {
  const place = document.getElementById("found-older");
  const list = document.getElementById("older");
  const isAsked = words.length > 0 || year !== "";
  list.hidden = isAsked;
  place.hidden = !isAsked;
  place.replaceChildren();
  let count = 0;
  if (isAsked) {
    loadOlder();
    olderPages.forEach((link, page) => {
      for (const one of olderItems.get(page) ?? []) {
        if ((year === "" || one.year === year) && words.every((word) => one.text.includes(word))) {
          count += 1;
          if (count <= MOST_OLDER) {
            place.append(olderArticle(page, one));
          }
        }
      }
    });
  }
  return count;
}

// A link in a mail leads to index.html: what stands on an older page by now is shown there.
function goToOlder(item) {
  for (const [page, items] of olderItems) {
    if (items.some((one) => one.item === item)) {
      location.replace(`${olderPages[page].href}#${item}`);
    }
  }
}

function makeSearch() {
  const input = document.getElementById("words");
  const found = document.getElementById("found");
  const sections = Array.from(document.querySelectorAll("#list section"));
  const years = document.querySelector("nav");
  const paper = document.getElementById("paper");
  let texts = null;

  function search() {
    texts ??= articles.map((article) => folded(article.textContent));
    const words = folded(input.value).split(/\s+/).filter(Boolean);
    const year = paper ? paper.value : "";
    const isAsked = words.length > 0 || year !== "";
    let count = 0;
    articles.forEach((article, index) => {
      const fits = (year === "" || article.dataset.year === year) && words.every((word) => texts[index].includes(word));
      article.hidden = !fits;
      markFiles(article, fits ? words : []);
      count += fits ? 1 : 0;
    });
    for (const section of sections) {
      section.hidden = !section.querySelector("article:not([hidden])");
    }
    if (years) {
      years.hidden = isAsked;
    }
    if (olderPages.length) {
      count += searchOlder(words, year);
    }
    const say = count === 0 ? found.dataset.none : count === 1 ? found.dataset.one : found.dataset.many;
    found.textContent = isAsked ? say.replace("{n}", count) : "";
  }

  function showTarget() {
    const wanted = decodeURIComponent(location.hash.slice(1));
    const target = document.getElementById(wanted);
    if (!target && olderPages.length && wanted.startsWith("D-")) {
      whenOlderCame = () => {
        goToOlder(wanted);
        search();
      };
      loadOlder();
      goToOlder(wanted);
    }
    if (target && target.hidden) {
      input.value = "";
      if (paper) {
        paper.value = "";
      }
      search();
      target.scrollIntoView();
    }
  }

  box.hidden = false;
  input.addEventListener("input", search);
  if (paper) {
    paper.addEventListener("change", search);
  }
  whenOlderCame = search;
  window.addEventListener("hashchange", showTarget);
  showTarget();
  if (input.value || (paper && paper.value)) {
    search(); // what was asked before the page was loaded again
  }
}

// On paper nothing is folded.
window.addEventListener("beforeprint", () => {
  for (const rest of document.querySelectorAll("details")) {
    rest.open = true;
  }
});

markNew();
if (box) {
  makeSearch();
}
