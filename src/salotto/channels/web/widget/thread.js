/* The thread: bubbles, days, times and states, as rows that `reconcile` keeps in step. */

import { fill, linked, make } from "./dom.js";

const PAUSE = 5 * 60_000; /* messages of one writer closer than this stand together */

const mine = (entry) => entry.from === "visitor";

const days = (language) => {
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const full = new Intl.DateTimeFormat(language, { dateStyle: "long" });
  const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate());
  return (date) => {
    const ago = Math.round((midnight(new Date()) - midnight(date)) / 864e5);
    return ago === 0 || ago === 1 ? relative.format(-ago, "day") : full.format(date);
  };
};

const bubble = (entry, words) => make("div", { class: `${entry.body ? "b" : "meta"} ${mine(entry) ? "me" : "them"} ${entry.shape} ${entry.state || ""}`, dir: "auto" },
  make("span", { class: "sr" }, `${mine(entry) ? words.you : entry.name}: `),
  ...linked(entry.body || words.by_email, words.link));

const refused = (entry, words, actions) => {
  const unchanged = ![400, 413, 422].includes(entry.status); /* the same words may pass later */
  const button = (text, act) => make("button", { type: "button", class: "text", onclick: () => act(entry) }, text);
  return make("div", { class: "meta me bad" },
    make("span", {}, `${words.refused} ${entry.error || ""}`),
    unchanged ? button(words.retry, actions.retry) : button(words.edit, actions.edit),
    button(words.discard, actions.discard));
};

/** Rows of the whole thread. entries: messages and what is on its way, oldest first. */
export const threadRows = ({ language, words, actions }) => {
  const day = days(language);
  const clock = new Intl.DateTimeFormat(language, { timeStyle: "short" });
  const states = { sending: words.sending, waiting: words.waiting };

  const status = (entry, seen, newest) => {
    if (entry.state) return entry.status === 429 ? words.wait_turn : states[entry.state];
    if (entry !== newest) return "";
    return entry.id <= seen ? words.seen : words.sent;
  };

  return (entries, seen) => {
    const rows = [];
    const newest = entries.filter((entry) => mine(entry) && !entry.state).pop();
    entries.forEach((entry, index) => {
      const date = new Date(entry.at);
      const text = day(date);
      const sameDay = (other) => other && day(new Date(other.at)) === text;
      const close = (other) => sameDay(other) && other.from === entry.from && other.name === entry.name && Math.abs(new Date(other.at) - date) < PAUSE;
      const [before, after] = [entries[index - 1], entries[index + 1]];
      if (!sameDay(before)) rows.push({ key: `d${text}`, mark: text, node: () => make("div", { class: "day" }, text) });
      const [top, end] = [!close(before), !close(after)];
      entry.shape = `${top ? "top" : ""}${end ? " end" : ""}`;
      const key = entry.client_id || entry.id;
      rows.push({ key: `b${key}`, mark: entry.shape + (entry.state || ""), node: () => bubble(entry, words) });
      if (entry.state === "refused") {
        rows.push({ key: `m${key}`, mark: entry.error, node: () => refused(entry, words, actions) });
        return;
      }
      const note = mine(entry) ? status(entry, seen, newest) : "";
      if (end || note) {
        const meta = [!mine(entry) && entry.name, clock.format(date), note].filter(Boolean).join(" · ");
        rows.push({ key: `m${key}`, mark: meta, node: () => make("div", { class: `meta ${mine(entry) ? "me" : ""}` }, meta) });
      }
    });
    return rows;
  };
};

const face = ({ initials, here }) => {
  const node = make("span", { class: here ? "face here" : "face" }, initials);
  node.style.setProperty("--hue", (initials.codePointAt(0) * 47) % 360);
  return node;
};

/** Up to four faces of the team. */
export const faces = (team) => make("div", { class: "faces", "aria-hidden": "true" },
  ...team.slice(0, 4).map(face));

/** Who is here, in one sentence. */
export const whoHere = (team, words) => {
  const here = team.filter((one) => one.here);
  if (!here.length) return words.away;
  return here.length === 1 ? fill(words.one_here, here[0]) : words.here;
};
