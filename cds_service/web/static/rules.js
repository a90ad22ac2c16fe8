// Search while typing; without this script the form asks the server.

const query = document.getElementById("q");
const found = document.getElementById("found");
const rules = [...document.querySelectorAll("[data-words]")];

function search() {
  const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const rule of rules) rule.hidden = !words.every((word) => rule.dataset.words.includes(word));
  for (const group of document.querySelectorAll("[data-group]")) {
    group.hidden = !group.querySelector("[data-words]:not([hidden])");
  }
  const shown = rules.filter((rule) => !rule.hidden).length;
  found.textContent = words.length ? `${shown} of ${rules.length} rules` : "";
}

// The server has filtered already what an address searched for: all must be there to search again.
if (!query.value) query.addEventListener("input", search);
