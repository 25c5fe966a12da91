// Requests of our scripts: JSON, refusals as errors with the server's sentence.
import { toast } from "./toast.js";
import { word } from "./words.js";

/** The server said no, or did not answer (`status` 0). `message` is a sentence for a person. */
export class Refusal extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** GET; resolves to the answer's JSON (or text), rejects with a Refusal. */
export const get = (url, options = {}) => ask(url, options);

/** POST a form; resolves to the answer's JSON, rejects with a Refusal. */
export function post(url, fields = {}) {
  const headers = { "X-CSRFToken": csrf() };
  return ask(url, { method: "POST", headers, body: new URLSearchParams(fields) });
}

/** The token that goes with a write. */
export const csrf = () => document.querySelector("input[name=csrfmiddlewaretoken]")?.value ?? "";

async function ask(url, { text = false, headers = {}, ...options }) {
  let answer;
  try {
    const accept = text ? "text/html" : "application/json";
    const extra = text ? { "HX-Request": "true" } : {};
    answer = await fetch(url, { ...options, headers: { Accept: accept, ...extra, ...headers }, credentials: "same-origin" });
  } catch {
    throw new Refusal(0, "unreachable", word("failed"));
  }
  if (answer.ok) return text ? answer.text() : answer.json();
  throw await refusal(answer);
}

const refusal = async (answer) => refused(answer.status, await answer.json().catch(() => null));

/** The Refusal of an answer whose JSON was read, if it had any. */
export function refused(status, told) {
  if (status === 401 || told?.error?.code === "csrf") signInAgain(); // both cookies may be gone
  return new Refusal(status, told?.error?.code ?? "", told?.error?.message ?? word("failed"));
}

let asked = false;

/** The session is over: say so once, with the way back; nothing on the page is lost. */
export function signInAgain() {
  if (asked) return;
  asked = true;
  const next = encodeURIComponent(location.pathname + location.search);
  toast(word("sign_in_again"), {
    kind: "bad",
    stay: true,
    act: { label: word("sign_in"), href: `${document.body.dataset.signIn}?next=${next}` },
  });
}

/** A random UUID; `crypto.randomUUID` is missing where the page came over plain http. */
export function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
