// The price follows the number of seats: asked for when the hand rests, the last question wins.
// It is held for a while, which is shown, and then asked for again with a click.
import { alertWith, ask, parse, place } from "./parts.js";

const REST = 160;
let timer = 0, asked = null, ends = 0;

const form = () => place()?.querySelector("form[data-buy]");

document.addEventListener("deal:shown", begin);

function begin() {
  const here = form();
  if (!here) return stop();
  const slider = here.querySelector("[data-slider]");
  slider.hidden = false;
  follow(here.querySelector("[data-add]").value);
  here.querySelector("[data-add]").select();
  hold();
}

document.addEventListener("input", (event) => {
  const here = event.target.closest("form[data-buy]");
  if (!here) return;
  const number = here.querySelector("[data-add]");
  if (event.target.matches("[data-slider]")) number.value = event.target.value;
  if (event.target === number || event.target.matches("[data-slider]")) follow(number.value);
  if (event.target.closest("[data-price]")) return; // the choice of a card has no price
  mirror(new FormData(here)); // at once: the card may be sent before the price has come
  later();
});

// The slider shows the number as far as it reaches; the field has no upper end.
function follow(value) {
  const slider = form().querySelector("[data-slider]");
  slider.value = Math.min(Number(value) || 1, Number(slider.max));
  slider.style.setProperty("--part", `${((slider.value - 1) / (slider.max - 1)) * 100}%`);
}

function later() {
  stale(true);
  clearTimeout(timer);
  timer = setTimeout(renew, REST);
}

const stale = (yes) => {
  const price = form()?.querySelector("[data-price]");
  price?.classList.toggle("stale", yes);
  const pay = price?.querySelector("[data-pay]");
  if (pay) pay.disabled = yes;
};

/** Ask for the price of what is chosen now. An answer to an older question is dropped. */
export async function renew() {
  const here = form();
  if (!here) return;
  clearTimeout(timer);
  asked?.abort();
  const mine = (asked = new AbortController());
  const fields = new FormData(here);
  fields.delete("token");
  fields.delete("csrfmiddlewaretoken");
  stale(true);
  try {
    const { html } = await ask(`${here.dataset.quote}?${new URLSearchParams(fields)}`, null, { signal: mine.signal });
    if (mine !== asked || here !== form()) return;
    if (!html) return alertWith("");
    replace(here, parse(html));
  } catch { /* a newer question is under way */ }
}

// The form of a card is one of its own; what is bought with it goes along.
function mirror(fields) {
  const card = place().querySelector("form[data-stripe-card]");
  for (const name of ["add", "currency", "cycle"]) {
    if (card?.elements[name] && fields.has(name)) card.elements[name].value = fields.get(name);
  }
}

function replace(here, made) {
  const fresh = made.querySelector("[data-price]");
  if (!fresh) return alertWith("");
  const had = here.querySelector("[data-price]");
  const focused = had.contains(document.activeElement);
  had.replaceWith(fresh);
  const card = place().querySelector("form[data-stripe-card]");
  if (card) card.hidden = !("needsCard" in fresh.dataset); // another number may be the first that costs something
  if (focused) fresh.querySelector("[data-pay]")?.focus();
  here.querySelector("[data-alert]").replaceChildren();
  hold();
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-again]")) renew();
});

// The time that is left runs by this computer's clock, from when the price came.
function hold() {
  stop();
  const left = Number(form()?.querySelector("[data-price]")?.dataset.left);
  if (!left) return;
  ends = Date.now() + left * 1000;
  tick();
  timers.push(setInterval(tick, 1000));
}

const timers = [];
const stop = () => timers.splice(0).forEach(clearInterval);

function tick() {
  const price = form()?.querySelector("[data-price]");
  if (!price) return stop();
  const left = Math.max(0, Math.round((ends - Date.now()) / 1000));
  const count = price.querySelector("[data-count]");
  if (count) count.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  if (!left) expire(price);
}

/** The price is over: no paying with it, but one click brings the next. */
export function expire(price = form()?.querySelector("[data-price]")) {
  stop();
  const pay = price?.querySelector("[data-pay]"), again = price?.querySelector("[data-again]");
  if (!pay || !again) return;
  const focused = document.activeElement === pay;
  pay.hidden = true;
  again.hidden = false;
  for (const [name, hidden] of [["held", true], ["count", true], ["over", false]]) {
    const part = price.querySelector(`[data-${name}]`);
    if (part) part.hidden = hidden;
  }
  if (focused) again.focus();
}

if (form()) begin(); // alone on its page
