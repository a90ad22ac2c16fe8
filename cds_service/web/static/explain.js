// What an answer, or none, means for somebody who connects a client: what was seen, and what to do about it.

/** An outcome of one call: `state` is good, attention, bad or skipped; `says` and `todo` are sentences. */
export const outcome = (state, label, says, todo = []) => ({ state, label, says, todo });

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Why a browser gave no answer at all; `answersAnyone` tells whether something answered when reading was not asked for. */
export function withoutAnswer({ address, error, answersAnyone, preflighted }) {
  const { origin, protocol } = location;
  const url = new URL(address);
  if (error.name === "TimeoutError") {
    return outcome("bad", "no answer in time", ["The address accepted the call but did not answer within 15 seconds."], [
      "Look whether the service is running and whether a proxy or firewall in front of it holds calls back.",
    ]);
  }
  if (protocol === "https:" && url.protocol === "http:" && !LOOPBACK.test(url.hostname)) {
    return outcome("bad", "mixed content", ["This page came over https, and a browser does not let it call an address that begins with http."], [
      "Serve the service over https, through a proxy that holds a certificate.",
    ]);
  }
  if (answersAnyone && url.origin !== origin) {
    return outcome(
      "bad",
      "blocked by CORS",
      [
        `Something answered at this address, but did not allow pages of ${origin} to ${preflighted ? "send this call" : "read the answer"} (CORS). ` +
          "The browser keeps the answer, so no more can be seen from here. An EHR that calls from its server is not concerned; one that calls from a browser is.",
      ],
      [
        `In the configuration of that service: cors_origins = ["${origin}"], then start it again.`,
        "If it is there already: a proxy in front must pass OPTIONS calls on, and must not remove or repeat Access-Control-… headers.",
        ...(preflighted ? [] : ["Or another program answers there: open the address in a tab and look."]),
      ],
    );
  }
  return outcome("bad", "not reached", [`Nothing answered at ${url.origin} (${error.message}).`], [
    "Look whether the service is running: open the discovery address in a tab.",
    "Check the name, the port, and whether it is http or https; a certificate that the browser does not trust fails here, too.",
    ...(url.origin === origin ? [] : ["A page may need the browser's permission to reach this machine or the local network."]),
  ]);
}

/** Why an address that redirects is not followed. */
export const redirected = () =>
  outcome("bad", "redirected", ["The address leads to another one. The test does not follow, as a token must not go elsewhere, and clients may not follow either."], [
    "Enter the address that it leads to; often that is https instead of http.",
    "If it leads to a page to log in: let CDS calls pass the proxy, as they are signed themselves.",
  ]);

const NOT_JSON = [
  "The answer is not JSON: something else than the service answered, such as a proxy, or a page to log in.",
];

/** What an HTTP status other than success means; `issues` are the texts of its OperationOutcome. */
export function ofStatus({ status, json, issues, token, problems, retryAfter }) {
  const told = issues.length > 0;
  if (status === 401) return unauthorised(token, problems);
  if (status === 403) {
    return outcome("bad", "forbidden", ["The service itself never answers 403: a proxy or firewall in front of it refuses the call."], [
      "Ask whoever runs the proxy to let POST and GET on /cds-services pass.",
    ]);
  }
  if (status === 404) {
    return outcome("bad", "not found", [told ? "The service answered, but has nothing at this address." : "Something answered, but has nothing at this address."], [
      "The base address ends before /cds-services. Behind a proxy it may need a path, such as https://host/cds.",
    ]);
  }
  if (status === 405) {
    return outcome("bad", "method not allowed", ["The address exists, but does not take this call."], [
      "A proxy may allow GET only: it has to pass POST on.",
    ]);
  }
  if (status === 412) {
    return outcome("bad", "precondition failed", ["The service needs something that was neither sent nor could be fetched."], [
      "Send the prefetch key that is named below, or fhirServer with a token that may read it.",
    ]);
  }
  if (status === 413) {
    return outcome("bad", "too large", ["The body is larger than the service, or a proxy in front of it, accepts."], [
      "Raise body_limit of the service, and the limit of the proxy (client_max_body_size in nginx).",
    ]);
  }
  if (status === 429) return outcome("bad", "too many calls", ["A proxy in front of the service limits calls."], [again(retryAfter)]);
  if ([502, 503, 504].includes(status) && !told) {
    return outcome("bad", "proxy without service", [`A proxy answered ${status}: it does not reach the service behind it.`], [
      "Look whether the service is running, and at which host and port the proxy looks for it.",
    ]);
  }
  if (status >= 500) {
    return outcome("bad", "fault of the service", ["The service failed at this call."], [
      told ? "Its log has a line with the request id below." : "Look into the log of the service.",
      ...(status === 503 ? [again(retryAfter)] : []),
    ]);
  }
  if (status >= 400) {
    return outcome("bad", "refused", ["The service did not accept the call.", ...(json ? [] : NOT_JSON)], [
      told ? "What it says is below: the element that is named has to be changed." : "Look into the log of the service.",
    ]);
  }
  return outcome("bad", "unexpected", [`HTTP ${status} is no answer that CDS Hooks knows.`, ...(json ? [] : NOT_JSON)]);
}

/** A successful status with a body that is none of ours. */
export const notJson = () => outcome("bad", "not a CDS service", NOT_JSON, ["Check the base address: it ends before /cds-services."]);

const again = (seconds) => (seconds ? `Try again in ${seconds} seconds.` : "Try again later.");

function unauthorised(token, problems) {
  if (!token) {
    return outcome("attention", "needs a token", ["The service was reached and asks who is calling: it has clients configured, and no token was sent. That is as it should be."], [
      "Paste a token above that a configured client has signed for this address; each call needs its own.",
    ]);
  }
  if (problems.length) {
    return outcome("bad", "token not accepted", ["The service did not accept the token. What can be seen in it explains why:", ...problems], [
      "Have the client sign another one in which this is put right.",
    ]);
  }
  return outcome(
    "bad",
    "token not accepted",
    ["The service did not accept the token. Its algorithm, audience and times look right from here, so what is left are the issuer and the key."],
    [
      "Is its iss the issuer of a [[clients]] entry, to the letter?",
      "Is the public key with its kid in the JWK Set that the entry names (jwks or jku), and does the signature fit it?",
      "Was the token sent before, by whomever? Each is accepted once.",
      "The service tells callers no reason; its log has one, in the line “not let in”.",
    ],
  );
}

/** What is wrong with a token as far as can be seen without the key; `rules` say what the service accepts. */
export function problemsOf(token, { audience, algorithms, longest, skew, spent }) {
  let header;
  let claims;
  try {
    [header, claims] = token.split(".").slice(0, 2).map(decoded);
    if (token.split(".").length !== 3 || typeof claims !== "object") throw new Error("three parts");
  } catch {
    return ["It is not a JSON Web Token: that is three parts of letters and digits, with dots between them."];
  }
  const now = Date.now() / 1000;
  const at = (seconds) => new Date(seconds * 1000).toLocaleString();
  const named = [claims.aud].flat().filter((item) => typeof item === "string");
  const found = [];
  if (!algorithms.includes(header.alg)) found.push(`It is signed with ${header.alg}; accepted are ${algorithms.join(", ")}.`);
  if (!header.kid) found.push("Its header names no key: kid is missing.");
  if (header.typ && String(header.typ).toUpperCase() !== "JWT") found.push(`Its header says typ ${header.typ}; it has to be JWT.`);
  if (!named.some((item) => item.replace(/\/+$/, "") === audience)) {
    found.push(`It is meant for ${named.join(", ") || "nobody (aud is missing)"}; this call needs aud ${audience}. Behind a proxy, public_url of the service decides.`);
  }
  if (typeof claims.iss !== "string") found.push("It names no issuer: iss is missing.");
  if (typeof claims.jti !== "string" || !claims.jti) found.push("It has no jti, by which the service sees that it is used once.");
  if (spent) found.push("It was sent from this page before; each token is accepted once.");
  if (typeof claims.exp !== "number" || typeof claims.iat !== "number") found.push("exp and iat have to be there, as seconds since 1970.");
  else {
    if (claims.exp + skew < now) found.push(`It expired at ${at(claims.exp)}.`);
    if (Math.max(claims.iat, claims.nbf ?? claims.iat) - skew > now) found.push(`It is valid only from ${at(Math.max(claims.iat, claims.nbf ?? claims.iat))}; is the clock of the client right?`);
    if (claims.exp <= claims.iat || claims.exp - claims.iat > longest) found.push(`It is valid for ${Math.round((claims.exp - claims.iat) / 3600)} hours; at most ${longest / 3600} are accepted.`);
  }
  return found;
}

function decoded(part) {
  const bytes = Uint8Array.from(atob(part.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}
