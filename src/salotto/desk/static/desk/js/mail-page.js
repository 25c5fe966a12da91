// The pages that write mail: a form by itself, and how far a mail to many has got.
import { ask, watch } from "./frames.js";
import { Files } from "./files.js";
import { get } from "./net.js";
import { Form } from "./mail-form.js";

const EVERY = 2000;

const form = document.querySelector("[data-mail-form]");
if (form?.elements.to) new Form(form, ({ url }) => location.assign(url)).focus();

// The mail that is forwarded, as it looks.
watch([document]);
document.querySelector("[data-show-remote]")?.addEventListener("click", ({ target }) => ask(target.closest("[data-frame]").querySelector("iframe"), { images: true }));

// A list may be longer than the server takes: that is said here, and all stays as it was written.
const MOST_BYTES = 250 * 1024;
const many = document.querySelector("[data-many]");
const files = many && withFiles();
many?.addEventListener("submit", (event) => {
  const sentence = files.trouble() || tooLarge(new FormData(many));
  const shown = many.querySelector("[data-error]");
  [shown.textContent, shown.hidden] = [sentence, !sentence];
  if (!sentence) return;
  event.preventDefault();
  shown.scrollIntoView({ block: "center" });
});

function tooLarge(given) {
  const sizes = [...given.values()].map((value) => value.size ?? new TextEncoder().encode(value).length);
  if (Math.max(given.get("list").size, given.get("to").length) > Number(many.dataset.mostList)) return many.dataset.longList;
  return sizes.reduce((sum, size) => sum + size, 0) > MOST_BYTES ? many.dataset.many : "";
}

// The files that the server has. Whoever goes back to this page finds them, as well as the text.
function withFiles() {
  many.querySelector("[data-files-field]").hidden = false;
  const made = new Files(many);
  const isNew = performance.getEntriesByType("navigation")[0]?.type === "navigate";
  made.set((!isNew && history.state?.files) || JSON.parse(many.dataset.kept));
  made.addEventListener("changed", () => history.replaceState({ ...history.state, files: made.ready() }, ""));
  return made;
}

const place = document.querySelector("[data-progress]");
async function look() {
  if (!place.querySelector("[data-under-way]")) return;
  const html = document.hidden ? null : await get(place.dataset.progress, { text: true }).catch(() => null);
  if (html !== null && !place.contains(document.activeElement)) place.innerHTML = html;
  setTimeout(look, EVERY);
}
if (place) setTimeout(look, EVERY);
