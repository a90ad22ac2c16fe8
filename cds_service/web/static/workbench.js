// The workbench: asks the server at every change and puts its answer in place. What was pasted stays in this page.

const form = document.getElementById("ask");
const told = document.getElementById("told");
const now = document.getElementById("now");
const pasted = document.getElementById("pasted");
const instance = crypto.randomUUID?.() ?? `workbench-${Date.now()}`;
let actions = [];
let last = null; // what came back last: status, request, response
let running = 0;

const source = () => document.querySelector("input[name=source]:checked").value;
const changed = (input) => input.value && input.value !== input.dataset.was;

/** What is asked: the chart, how it is asked, and what is changed in it. */
function question() {
  const asked = { instance, hook: form.hook.value, asOf: form.asOf.value, actions, values: {}, doses: {}, without: [] };
  if (source() === "example") asked.fixture = form.fixture.value;
  if (source() === "paste") asked.pasted = pasted.value;
  if (source() === "server") {
    asked.server = document.getElementById("server").value;
    asked.patient = document.getElementById("patient").value;
  }
  asked.complete = document.getElementById("complete").checked;
  for (const input of form.elements) {
    if (input.name === "plannedAt" && changed(input)) asked.plannedAt = input.value;
    if (input.name.startsWith("value:") && changed(input)) asked.values[input.name.slice(6)] = input.value;
    if (input.name.startsWith("dose:") && changed(input)) asked.doses[input.name.slice(5)] = input.value;
    if (input.name === "without" && input.checked) asked.without.push(input.value);
  }
  return asked;
}

/** The address that leads back here: an example and its settings, never anything of a pasted chart. */
function address(asked) {
  const query = new URLSearchParams();
  if (!asked.fixture) return location.pathname;
  for (const name of ["fixture", "hook", "asOf", "plannedAt"]) if (asked[name]) query.set(name, asked[name]);
  for (const name of asked.without) query.append("without", name);
  for (const [name, value] of Object.entries(asked.values)) query.set(`value:${name}`, value);
  for (const [name, value] of Object.entries(asked.doses)) query.set(`dose:${name}`, value);
  return `${location.pathname}?${query}`;
}

/** Puts parts of the page in place by their id; what has the focus stays where it was on the
 * screen, what was open is open, and a field that is typed in is as it is. */
function place(html) {
  const focused = document.activeElement;
  const { top } = focused.getBoundingClientRect();
  const open = [...document.querySelectorAll("details[open][id]")].map((part) => part.id);
  const filter = document.querySelector("input[name=show]:checked")?.value;
  const parts = new DOMParser().parseFromString(html, "text/html").body.children;
  for (const part of [...parts]) {
    const there = document.getElementById(part.id);
    const typing = there?.contains(focused) && focused.dataset.was !== undefined;
    if (typing) document.getElementById("reset").disabled = part.querySelector("#reset")?.disabled ?? false;
    else there?.replaceWith(part);
  }
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (filter) document.querySelector(`input[name=show][value=${filter}]`)?.click();
  const again = focused.isConnected ? focused : focused.id && document.getElementById(focused.id);
  if (!again) return;
  again.focus({ preventScroll: true });
  scrollBy(0, again.getBoundingClientRect().top - top);
}

// On a narrow screen the answer is repeated below while it is out of sight.
const sight = new IntersectionObserver(([{ isIntersecting }]) => now.classList.toggle("repeats", !isIntersecting));

/** Says the answer to who does not see it, and watches whether it is in sight. */
function announce() {
  const texts = [...document.querySelectorAll("#result :is(.answer, .headline)")].map((part) => part.textContent);
  now.textContent = texts.join(". ");
  sight.disconnect();
  sight.observe(document.querySelector("#result .verdict"));
}

/** Takes the answer away: none may stand beside a question that it does not answer. */
function clear(says, because) {
  clearTimeout(waiting);
  running++; // an answer that is under way is not wanted any more
  last = null;
  document.body.classList.remove("busy");
  const result = document.getElementById("result");
  result.replaceChildren(document.getElementById("unasked").content.cloneNode(true));
  result.classList.add("unasked");
  const levers = document.getElementById("levers");
  levers.replaceChildren();
  levers.hidden = true;
  if (says) result.querySelector(".answer").textContent = says;
  if (because) result.querySelector(".headline").textContent = because;
  announce();
  document.activeElement.scrollIntoView({ block: "nearest" }); // on a narrow screen the form has moved up
}

/** Shows the answer where the form stands below it. */
function toAnswer() {
  if (matchMedia("(max-width: 760px)").matches) document.getElementById("result").scrollIntoView();
}

async function run(says = "") {
  const asked = question();
  const mine = ++running;
  document.body.classList.add("busy");
  try {
    const response = await fetch("/workbench/run", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(asked),
    });
    const answer = await response.json();
    if (mine !== running) return; // a later question is under way
    if (!response.ok) throw new Error(answer.issue?.[0]?.details?.text ?? response.statusText);
    last = answer;
    place(answer.html);
    announce();
    history.replaceState(null, "", address(asked));
    tell(says);
  } catch (error) {
    if (mine === running) clear("Not answered", `The service did not answer: ${error.message}`);
  } finally {
    if (mine === running) document.body.classList.remove("busy");
  }
}

function tell(text) {
  told.textContent = text;
}

let waiting;
function soon() {
  clearTimeout(waiting);
  waiting = setTimeout(run, 300);
}

/** Another chart: nothing that was changed in the one before is kept. */
function another() {
  actions = [];
  for (const input of form.elements) {
    if (input.dataset.was !== undefined) input.value = input.dataset.was;
    if (input.name === "without") input.checked = false;
  }
}

/** The card that holds an element, as the service sent it. By its place: a page from the server has been answered in another call. */
async function cardOf(element) {
  const place = element.closest("[data-card]").dataset.card;
  if (!last) await run();
  return last?.response?.cards?.[place];
}

async function take(button) {
  const card = await cardOf(button);
  const suggestion = card?.suggestions?.[button.dataset.take];
  if (!suggestion) return;
  const sent = await feedback({ card: card.uuid, outcome: "accepted", acceptedSuggestions: [{ id: suggestion.uuid }] });
  const taken = suggestion.actions ?? [];
  actions = [...actions, ...taken];
  // The time that an update carries goes before one that was set by hand.
  const planned = document.getElementById("planned");
  if (planned && taken.some((action) => action.type === "update")) planned.value = planned.dataset.was;
  await run(`Taken: ${suggestion.label}. ${sent}`);
  document.querySelector(".changed")?.focus();
}

async function dismiss(menu) {
  const place = menu.closest("[data-card]").dataset.card;
  const chosen = menu.querySelector("input[name=reason]:checked");
  const card = await cardOf(menu);
  if (!card) return;
  const reason = chosen && card.overrideReasons?.[chosen.value];
  const sent = await feedback({ card: card.uuid, outcome: "overridden", ...(reason && { overrideReason: { reason } }) });
  const shown = document.querySelector(`[data-card="${place}"]`);
  shown?.classList.add("dismissed");
  const note = document.createElement("p");
  note.className = "quiet";
  note.textContent = `Overridden${reason ? `: ${reason.display}` : ""}. ${sent}`;
  note.tabIndex = -1;
  shown?.querySelector(".override").replaceWith(note);
  note.focus();
  tell(note.textContent);
}

/** Feedback as an EHR sends it: first the call that shows the card, then what became of it. Marked, as no clinician sees it. */
async function feedback(entry) {
  const base = `/cds-services/${document.getElementById("result").dataset.service}`;
  const headers = { "Content-Type": "application/json", "X-Call-Origin": "workbench" };
  const post = (path, body) => fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  try {
    const shown = await post(base, last.request);
    const kept = await post(`${base}/feedback`, { feedback: [{ ...entry, outcomeTimestamp: new Date().toISOString() }] });
    if (shown.ok && kept.ok) return "Feedback is kept.";
    return `Feedback was not kept: HTTP ${shown.ok ? kept.status : shown.status}.`;
  } catch {
    return "Feedback was not kept: the service did not answer.";
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  run().then(toAnswer);
});
document.addEventListener("change", (event) => {
  const input = event.target;
  if (input.id === "file") read(input.files[0]);
  else if (["fixture", "source"].includes(input.name)) {
    another();
    if (source() === "example") run().then(toAnswer);
    else clear();
  } else if (["hook", "asOf", "without", "complete"].includes(input.name)) run();
});
document.addEventListener("input", (event) => {
  if (event.target.dataset.was !== undefined) soon();
  if (["pasted", "server", "patient"].includes(event.target.id)) {
    another();
    clear();
  }
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.take) take(button);
  if (button?.id === "reset") {
    another();
    run();
  }
  if (button?.id === "copy") copy();
});
document.addEventListener("submit", (event) => {
  if (!event.target.closest("[data-card]")) return;
  event.preventDefault();
  dismiss(event.target);
});

async function copy() {
  if (source() !== "example") {
    tell("There is no link to a chart of your own: it stays in this page.");
    return;
  }
  try {
    await navigator.clipboard.writeText(location.href);
    tell(`The link is on the clipboard.${actions.length ? " Suggestions that were taken are not in it." : ""}`);
  } catch {
    tell("The link is in the address bar.");
  }
}

async function read(file) {
  if (!file) return;
  pasted.value = await file.text();
  another();
  run().then(toAnswer);
}
pasted.addEventListener("paste", () => setTimeout(() => run().then(toAnswer)));

// A file may be dropped anywhere on the page.
const carriesFile = (event) => event.dataTransfer?.types.includes("Files");
document.addEventListener("dragover", (event) => carriesFile(event) && event.preventDefault());
document.addEventListener("drop", (event) => {
  if (!carriesFile(event)) return;
  event.preventDefault();
  document.querySelector("input[name=source][value=paste]").checked = true;
  read(event.dataTransfer.files[0]);
});

// Evidence opens at the element that was read.
document.addEventListener(
  "toggle",
  ({ target }) => {
    const read = target.open && target.matches(".evidence") && target.querySelector("mark");
    if (read) read.parentElement.scrollTop = read.offsetTop - read.parentElement.clientHeight / 3;
  },
  true,
);
