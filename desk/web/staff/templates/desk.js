// What the desk has with a script and works without: keys, and what is fetched while a page stands.
"use strict";

document.addEventListener("keydown", (event) => {
  const at = event.target;
  const typing = at instanceof HTMLElement && (at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName));
  if (typing || event.ctrlKey || event.metaKey || event.altKey || localStorage.getItem("keys") === "off") return;
  const goal = document.querySelector(`[aria-keyshortcuts="${CSS.escape(event.key.toUpperCase())}"], [aria-keyshortcuts="${CSS.escape(event.key)}"]`);
  if (!goal) return;
  event.preventDefault();
  if (goal.matches("input, textarea, select")) goal.focus();
  else goal.click();
});
