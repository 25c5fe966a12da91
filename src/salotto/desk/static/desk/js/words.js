// The page's words, in the reader's language, and times in words.

const words = JSON.parse(document.getElementById("desk-words")?.textContent ?? "{}");

/** The text of this name with its gaps filled: word("newer_many", {n: 3}). */
export function word(name, values = {}) {
  return (words[name] ?? "").replace(/\{(\w+)\}/g, (gap, key) => values[key] ?? gap);
}

const MINUTE = 60, HOUR = 3600, DAY = 86400;
const locale = document.body.dataset.locale || document.documentElement.lang;
const form = (options) => { const made = new Intl.DateTimeFormat(locale, options); return (moment) => made.format(moment); };
const day = { day: "numeric", month: "long", year: "numeric" }, clock = { hour: "2-digit", minute: "2-digit" };

/** Moments in the browser's own time zone, in the reader's language. */
export const forms = {
  date: form(day),
  short: form({ day: "numeric", month: "short" }),
  clock: form(clock),
  full: form({ ...day, ...clock }),
};

/** How long ago, as short as a list needs it; a date after a week (as `times.ago` on the server). */
export function ago(moment, now = Date.now()) {
  const seconds = Math.max(0, Math.floor((now - moment) / 1000));
  if (seconds < MINUTE) return word("now");
  if (seconds < HOUR) return word("minutes", { n: Math.floor(seconds / MINUTE) });
  if (seconds < DAY) return word("hours", { n: Math.floor(seconds / HOUR) });
  if (seconds < 7 * DAY) return word("days", { n: Math.floor(seconds / DAY) });
  return forms.short(moment);
}

/** "1 h 4 min" for somebody who waits longer than an hour, else "" (as `times.waiting`). */
export function waiting(since, now = Date.now()) {
  const minutes = Math.floor((now - since) / 60000);
  if (minutes <= 60) return "";
  if (minutes >= 2 * 1440) return word("days", { n: Math.floor(minutes / 1440) });
  const [h, m] = [Math.floor(minutes / 60), minutes % 60];
  return m && h < 3 ? word("hours_minutes", { h, m }) : word("hours", { n: h });
}

/** Bring every time within a node up to date, and into the browser's time zone. */
export function refreshTimes(within = document) {
  const now = Date.now();
  for (const time of within.querySelectorAll("[data-time]")) {
    const moment = Date.parse(time.dateTime);
    time.textContent = time.dataset.time === "ago" ? ago(moment, now) : forms[time.dataset.time](moment);
    time.title = forms.full(moment);
  }
  for (const wait of within.querySelectorAll("[data-since]")) {
    const long = waiting(Date.parse(wait.dataset.since), now);
    wait.hidden = !long;
    if (long) wait.textContent = word("waiting", { time: long });
  }
}
