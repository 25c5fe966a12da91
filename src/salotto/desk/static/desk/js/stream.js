// The live stream: one per browser and account, shared by its tabs.
//
// The tab that holds the lock holds the stream and passes on what it hears; when it closes,
// another takes over from the last cursor. Facts are hints: hearing one twice is harmless.
import { get } from "./net.js";
import { word } from "./words.js";

/** Events: "facts" (detail: array), "now" (detail: one passing fact), "reset". */
export const live = new EventTarget();

const { account, cursor: pageCursor } = document.body.dataset;
const channel = "BroadcastChannel" in window ? new BroadcastChannel(`salotto-live-${account}`) : null;
const CATCH_UP = 2500;

let cursor = pageCursor;
let source = null;
let failures = 0;
let leading = false;

/** Begin to listen. */
export function start() {
  channel?.addEventListener("message", ({ data }) => hear(data));
  addEventListener("online", () => reconnect(0));
  addEventListener("offline", () => show("offline"));
  if (!navigator.locks || !channel) return lead();
  navigator.locks.request(`salotto-live-${account}`, () => { lead(); return new Promise(() => {}); });
  setTimeout(() => leading || catchUp(), 200);
}

// This tab holds the stream now.
function lead() {
  leading = true;
  open();
}

// Another tab holds it; what happened while this page was loading is asked for once.
function catchUp() {
  const own = listen(new EventSource(address()), hear);
  setTimeout(() => own.close(), CATCH_UP);
  own.onerror = () => own.close();
}

const address = () => `/live?account=${encodeURIComponent(account)}&since=${encodeURIComponent(cursor)}`;

function open() {
  source?.close();
  source = listen(new EventSource(address()), (heard) => { hear(heard); channel?.postMessage(heard); });
  source.onopen = () => { failures = 0; tell(""); };
  source.onerror = () => { source.close(); failures += 1; tell("reconnecting"); reconnect(); };
}

function listen(stream, take) {
  const heard = (kind) => ({ data, lastEventId }) => take({ kind, cursor: lastEventId, data: JSON.parse(data || "null") });
  stream.onmessage = heard("facts");
  stream.addEventListener("now", heard("now"));
  stream.addEventListener("reset", heard("reset"));
  stream.addEventListener("resume", (event) => { heard("resume")(event); });
  return stream;
}

function hear({ kind, cursor: at, data, state }) {
  if (kind === "state") return show(state);
  if (at && kind !== "now") cursor = at;
  if (kind === "resume") return leading && reconnect(Math.random() * 1000);
  live.dispatchEvent(new CustomEvent(kind, { detail: data }));
}

// Our own way back, with the last cursor and a random pause that grows to half a minute.
let timer = 0;
function reconnect(pause = Math.min(30000, 500 * 2 ** Math.min(failures, 6)) * (0.5 + Math.random())) {
  if (!leading) return;
  clearTimeout(timer);
  timer = setTimeout(open, pause);
  if (failures === 2) get(`/a/${account}/inbox/all/rows/`).catch(({ status }) => {
    if (status === 403 || status === 404) location.reload(); // the access was taken away; 401 says "sign in" by itself
  });
}

function tell(state) {
  show(state);
  channel?.postMessage({ kind: "state", state });
}

// A short break is not worth a word.
let showing = 0;
function show(state) {
  clearTimeout(showing);
  const put = () => {
    const place = document.querySelector("[data-connection]");
    if (place) place.textContent = state ? word(navigator.onLine ? state : "offline") : "";
  };
  if (state === "reconnecting") showing = setTimeout(put, 1200);
  else put();
}
