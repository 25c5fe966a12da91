// Day separators in the browser's own time zone: one above the first entry of each day.
import { forms, word } from "./words.js";

const DAY = 86400000;

/** Put the separators of a thread right; the server's own stand in the account's time zone.
 * An entry has its own time last, behind what its mail says of when it was written. */
export function separate(entries) {
  let day = "";
  for (const time of entries.querySelectorAll(":scope > [data-id] time[data-time=clock]")) {
    const moment = new Date(time.dateTime);
    const own = key(moment);
    mark(time.closest("[data-id]"), own === day ? null : own, moment);
    day = own;
  }
}

function mark(entry, day, moment) {
  const before = entry.previousElementSibling;
  const there = before?.matches(".day") ? before : null;
  if (there?.previousElementSibling?.matches(".day")) there.previousElementSibling.remove();
  if (!day) return there?.remove();
  const item = there ?? entry.parentNode.insertBefore(made(), entry);
  item.dataset.day = day;
  item.firstElementChild.textContent = named(day, moment);
}

function made() {
  const item = document.createElement("li");
  item.className = "day";
  item.append(document.createElement("span"));
  return item;
}

const two = (n) => String(n).padStart(2, "0");
const key = (moment) => `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;

function named(day, moment) {
  if (day === key(new Date())) return word("today");
  if (day === key(new Date(new Date().setHours(12) - DAY))) return word("yesterday");
  return forms.date(moment);
}
