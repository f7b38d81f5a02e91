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

function makeSearch() {
  const input = document.getElementById("words");
  const found = document.getElementById("found");
  const sections = Array.from(document.querySelectorAll("main section"));
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
    const say = count === 0 ? found.dataset.none : count === 1 ? found.dataset.one : found.dataset.many;
    found.textContent = isAsked ? say.replace("{n}", count) : "";
  }

  function showTarget() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
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
  window.addEventListener("hashchange", showTarget);
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
