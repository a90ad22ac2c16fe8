// The test of a connection: calls discovery and the service as a client in a browser does, and says what came of it.

import { notJson, ofStatus, outcome, problemsOf, redirected, withoutAnswer } from "./explain.js";

const form = document.getElementById("check");
const field = document.getElementById("base");
const tokens = { discovery: document.getElementById("token-discovery"), service: document.getElementById("token-service") };
const steps = document.getElementById("steps");
const summary = document.getElementById("summary");
const example = JSON.parse(document.getElementById("request").textContent);
const ids = JSON.parse(form.dataset.ids); // the id that the example is posted to, by the path of the discovery address
const accepted = {
  algorithms: form.dataset.algorithms.split(" "),
  longest: Number(form.dataset.longest),
  skew: Number(form.dataset.skew),
};
const spent = new Set();
const PATIENCE = 15_000; // milliseconds

/** The base address and the path of discovery in what was entered; by default where this page came from. Empty if it is no address. */
function entered() {
  const text = field.value.trim() || location.origin;
  try {
    const url = new URL(/^https?:/i.test(text) ? text : `http://${text}`);
    const discovery = `${(url.origin + url.pathname).replace(/\/+$/, "").replace(/\/cds-services(\/.*)?$/, "")}/cds-services`;
    const path = Object.keys(ids).filter((one) => discovery.endsWith(one)).sort((a, b) => b.length - a.length)[0];
    return { base: discovery.slice(0, -path.length), path };
  } catch {
    return { base: "", path: Object.keys(ids)[0] };
  }
}

const addresses = ({ base, path }) => ({ discovery: base + path, service: `${base}${path}/${ids[path]}` });

/** What a token has to name as its audience: the address, or the public one where this very service is tested. */
function audiences() {
  const { base, path } = entered();
  return addresses({ base: field.value.trim() && base !== location.origin ? base : form.dataset.own, path });
}

function showAudiences() {
  for (const [name, address] of Object.entries(audiences())) {
    document.querySelector(`#aud-${name} code`).textContent = address;
  }
}

/** One call. Gives what came back, or the outcome of not getting anything. */
async function call(address, { body, kind } = {}) {
  const token = kind ? tokens[kind].value.trim().replace(/^bearer\s+/i, "") : "";
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (token) headers.Authorization = `Bearer ${token}`;
  const problems = token ? problemsOf(token, { ...accepted, audience: audiences()[kind], spent: spent.has(token) }) : [];
  const started = performance.now();
  const sent = { address, method: body === undefined ? "GET" : "POST", token, problems };
  let response;
  let text;
  try {
    const signal = AbortSignal.timeout(PATIENCE);
    const plain = { credentials: "omit", cache: "no-store", redirect: "manual", referrerPolicy: "no-referrer" };
    response = await fetch(address, { ...plain, method: sent.method, headers, body, signal });
    text = response.type === "opaqueredirect" ? "" : await response.text();
  } catch (error) {
    const answersAnyone = error.name !== "TimeoutError" && (await answers(address));
    return { ...sent, none: withoutAnswer({ address, error, answersAnyone, preflighted: body !== undefined || Boolean(token) }) };
  }
  if (token) {
    spent.add(token);
    tokens[kind].value = "";
  }
  if (response.type === "opaqueredirect") return { ...sent, none: redirected() };
  const json = parsed(text);
  return {
    ...sent,
    status: response.status,
    ok: response.ok,
    took: Math.round(performance.now() - started),
    text,
    json,
    issues: json?.resourceType === "OperationOutcome" ? (json.issue ?? []).map(issue) : [],
    id: response.headers.get("X-Request-Id"),
    retryAfter: response.headers.get("Retry-After"),
  };
}

/** Whether anything answers there at all, asked in the way that needs no permission and shows nothing. */
async function answers(address) {
  try {
    await fetch(address, { mode: "no-cors", credentials: "omit", cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    return true;
  } catch {
    return false;
  }
}

function parsed(text) {
  try {
    const value = JSON.parse(text);
    return value && typeof value === "object" ? value : undefined;
  } catch {
    return undefined;
  }
}

const issue = (one) => [one.details?.text ?? one.code, one.diagnostics].filter(Boolean).join(" – ");

/** What a call came to, if it is no success. */
function refused(came) {
  if (came.none) return came.none;
  if (!came.ok) return ofStatus(came);
  return came.json ? undefined : notJson();
}

function ofDiscovery(came) {
  const failed = refused(came);
  if (failed) return failed;
  const services = came.json.services;
  if (!Array.isArray(services)) {
    return outcome("bad", "no discovery document", ["The answer is JSON, but has no list of services."], ["Check the base address: it ends before /cds-services."]);
  }
  const ours = services.filter((service) => String(service?.id).startsWith(form.dataset.service));
  if (!ours.length) {
    return outcome("attention", "another service", [`It is a CDS Hooks service, but does not offer ${form.dataset.service}. It lists: ${services.map((one) => one?.id).join(", ") || "nothing"}.`]);
  }
  return outcome("good", `${came.took} ms`, [`It offers ${form.dataset.service} on ${ours.map((one) => one.hook).join(", ")}.`]);
}

function ofCall(came) {
  const failed = refused(came);
  if (failed) return failed;
  const cards = came.json.cards;
  if (!Array.isArray(cards)) return outcome("bad", "no cards", ["The answer is JSON, but has no list of cards."]);
  if (!cards.length) {
    return outcome("attention", "no card", ["The call was answered, with no card. For this example there are some, unless the client is in shadow mode: then they are not returned."]);
  }
  const disposition = came.json.extension?.["org.vertebroplasty-cds.assessment"]?.disposition;
  return { ...outcome("good", `${came.took} ms`, [`${cards.length} ${cards.length === 1 ? "card" : "cards"} came back${disposition ? `, with the disposition ${disposition}` : ""}:`]), cards };
}

/** The last call is to be refused, readably: with an OperationOutcome. */
function ofRefusal(came) {
  if (came.none) return came.none;
  if ([400, 401].includes(came.status) && came.issues.length) {
    const why = came.status === 401 ? "for want of a token" : "as it names no hook";
    return outcome("good", `HTTP ${came.status}`, [`An empty call was refused ${why}, and the browser may read the reason:`]);
  }
  if (came.ok) return outcome("attention", "not refused", ["An empty call was accepted, which this service would not do."]);
  return ofStatus(came);
}

async function test() {
  const start = entered();
  steps.replaceChildren();
  document.getElementById("outcome").hidden = false;
  if (!start.base) {
    summary.textContent = "This is no address, such as https://cds.hospital.example.";
    field.focus();
    return;
  }
  const { discovery, service } = addresses(start);
  const reached = { title: "Discovery", ...(await judged(call(discovery, { kind: "discovery" }), ofDiscovery)) };
  show(reached);
  const found = [reached];
  const goesOn = reached.state === "good" || (reached.came.status === 401 && tokens.service.value.trim());
  if (goesOn) {
    const request = { ...example, hookInstance: crypto.randomUUID?.() ?? `test-${Date.now()}` };
    const made = await judged(call(service, { kind: "service", body: JSON.stringify(request) }), ofCall);
    found.push({ title: `Hook call, ${example.hook}`, ...made });
  } else {
    found.push({ title: `Hook call, ${example.hook}`, ...outcome("skipped", "not tried", ["It is tried once discovery answers."]) });
  }
  show(found[1]);
  if (reached.came.none) {
    found.push({ title: "A refusal", ...outcome("skipped", "not tried", ["It is tried once anything answers."]) });
  } else {
    found.push({ title: "A refusal", ...(await judged(call(service, { body: "{}" }), ofRefusal)) });
  }
  show(found[2]);
  summary.textContent = concluded(found);
  if (found.some((step) => step.came?.status === 401)) document.getElementById("tokens").open = true;
}

async function judged(calling, judge) {
  const came = await calling;
  return { came, ...judge(came) };
}

function concluded(found) {
  const good = found.filter((step) => step.state === "good").length;
  if (good === found.length) return "All three calls went as they should: a client in a browser can use this service.";
  if (found.some((step) => step.state === "bad")) return `Not connected: ${found.find((step) => step.state === "bad").label}.`;
  if (found[0].label === "needs a token" || found[1].label === "needs a token") return "The service is there and asks for a token.";
  return `${good} of ${found.length} calls went as they should.`;
}

/** Builds an element; text stays text. */
function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

const STATES = { good: "passed", attention: "attention", bad: "failed", skipped: "" };

function show(step) {
  const label = [STATES[step.state], step.label].filter(Boolean).join(", ");
  const item = element("li", `step ${step.state}`, element("h3", "", step.title, element("span", "state", label)));
  for (const sentence of step.says) item.append(element("p", "", sentence));
  if (step.cards) {
    const listed = step.cards.map((card) => element("li", ["warning", "critical"].includes(card.indicator) ? card.indicator : "info", String(card.summary)));
    item.append(element("ul", "cards-found", ...listed));
  }
  for (const text of step.came?.issues ?? []) item.append(element("p", "outcome-text", `OperationOutcome: ${text}`));
  if (step.todo.length) {
    const list = step.todo.map((sentence) => element("li", "", sentence));
    item.append(element("div", "todo", element("h4", "", "What to do"), element("ul", "", ...list)));
  }
  if (step.came) item.append(wire(step.came));
  steps.append(item);
}

/** What went over the wire, without the token. */
function wire(came) {
  const lines = [`${came.method} ${came.address}`];
  if (came.token) lines.push("Authorization: Bearer … (the token)");
  if (came.status) lines.push("", `HTTP ${came.status}, ${came.took} ms`);
  if (came.id) lines.push(`X-Request-Id: ${came.id}`);
  if (came.status) lines.push("", came.json ? JSON.stringify(came.json, null, 2) : came.text.slice(0, 4000));
  const text = element("pre", "", lines.join("\n"));
  text.tabIndex = 0;
  return element("details", "", element("summary", "", "Call and answer"), text);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  summary.textContent = "Calling …";
  try {
    await test();
  } finally {
    button.disabled = false;
  }
});
field.addEventListener("input", showAudiences);
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(document.getElementById(button.dataset.copy));
    }
  });
}
showAudiences();
