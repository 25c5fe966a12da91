// The pages that write mail: a form by itself, and how far a mail to many has got.
import { get } from "./net.js";
import { Form } from "./mail-form.js";

const EVERY = 2000;

const form = document.querySelector("[data-mail-form]");
if (form?.elements.to) new Form(form, ({ url }) => location.assign(url)).focus();

const place = document.querySelector("[data-progress]");
async function look() {
  if (!place.querySelector("[data-under-way]")) return;
  const html = document.hidden ? null : await get(place.dataset.progress, { text: true }).catch(() => null);
  if (html !== null && !place.contains(document.activeElement)) place.innerHTML = html;
  setTimeout(look, EVERY);
}
if (place) setTimeout(look, EVERY);
