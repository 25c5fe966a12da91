// Recipients as chips: typed, pasted, chosen from suggestions; the plain field below holds them.
import { isAddress, read, written } from "./addresses.js";
import { get } from "./net.js";
import { word } from "./words.js";

const PAUSE = 150;
let made = 0;
const lost = new Map(); // what is said of addresses at which our last mail did not arrive
const asked = new Set(); // addresses of which that is known

/** Turn the plain fields `[data-people]` within a node into fields of chips. */
export function dress(root) {
  for (const field of root.querySelectorAll("input[data-people]:not([data-dressed])")) new Field(field);
}

/** Set a field to these people, written with commas. */
export const set = (field, text) => field.dispatchEvent(new CustomEvent("people:set", { detail: text }));

/** What is still being typed counts as well. */
export const finish = (root) => root.querySelectorAll("input[data-people]").forEach((field) => field.dispatchEvent(new Event("people:finish")));

/** Of these people is known at which addresses our last mail did not arrive: `[{address, said, words}]`. */
export function know(list, people) {
  for (const { address } of people) { asked.add(small(address)); lost.delete(small(address)); }
  for (const one of list) lost.set(small(one.address), one);
}

/** Whether our last mail to this address is known not to have arrived. */
export const isLost = (address) => lost.has(small(address));

const small = (address) => address.toLowerCase();

/** Say below the fields of a form at which of its addresses our last mail did not arrive. */
export function warn(form) {
  const place = form.querySelector("[data-lost-line]");
  const written = [...form.querySelectorAll("input[data-people]")].flatMap((field) => read(field.value));
  const sentence = [...new Set(written.map(({ address }) => lost.get(small(address))?.said).filter(Boolean))].join("\n");
  if (place && place.textContent !== sentence) place.textContent = sentence;
}

class Field {
  constructor(field) {
    Object.assign(this, { field, people: read(field.value), options: [], at: -1, timer: 0 });
    field.dataset.dressed = "";
    field.type = "hidden";
    const label = field.labels?.[0] ?? document.querySelector(`label[for="${field.id}"]`);
    this.box = node("div", "input people-field");
    this.list = node("ul", "people-options");
    this.list.id = `people-options-${(made += 1)}`;
    this.list.setAttribute("role", "listbox");
    this.list.hidden = true;
    this.input = node("input", "people-input");
    Object.assign(this.input, { type: "text", autocomplete: "off", spellcheck: false, autofocus: field.autofocus });
    for (const [name, value] of [["role", "combobox"], ["aria-expanded", "false"], ["aria-autocomplete", "list"], ["aria-controls", this.list.id]]) this.input.setAttribute(name, value);
    this.input.setAttribute("aria-label", label?.textContent ?? "");
    this.input.id = `${field.id}-typed`;
    if (label) label.htmlFor = this.input.id;
    field.after(this.box);
    this.box.append(this.input, this.list);
    this.listen();
    this.show();
    this.ask();
  }

  listen() {
    const { input, box, field } = this;
    box.addEventListener("mousedown", (event) => { if (event.target === box) { event.preventDefault(); input.focus(); } });
    input.addEventListener("input", () => { this.suggest(); });
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("paste", (event) => this.paste(event));
    input.addEventListener("blur", () => { this.close(); this.take(); });
    this.list.addEventListener("mousedown", (event) => {
      event.preventDefault();
      const option = event.target.closest("[role=option]");
      if (option) this.choose(Number(option.dataset.n));
    });
    field.addEventListener("people:set", ({ detail }) => { this.people = read(detail); input.value = ""; this.show(); this.ask(); });
    field.addEventListener("people:finish", () => this.take());
  }

  key(event) {
    const { input } = this;
    if (event.isComposing) return;
    const open = !this.list.hidden;
    if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) { event.preventDefault(); return this.mark((this.at + (event.key === "ArrowDown" ? 1 : -1) + this.options.length) % this.options.length); }
    if (open && event.key === "Escape") { event.preventDefault(); event.stopPropagation(); return this.close(); }
    const plainEnter = event.key === "Enter" && !event.ctrlKey && !event.metaKey;
    if (open && this.at >= 0 && (plainEnter || event.key === "Tab")) { event.preventDefault(); return this.choose(this.at); }
    if (plainEnter || event.key === "," || event.key === ";") { event.preventDefault(); return this.take(); }
    if (event.key === "Backspace" && !input.value && this.people.length) { event.preventDefault(); this.remove(this.people.length - 1); }
  }

  // Several at once become chips; a single word stays to be typed on.
  paste(event) {
    const text = event.clipboardData?.getData("text") ?? "";
    if (!/[,;\n]|@\S+\s/.test(text) && !isAddress(text.trim())) return;
    event.preventDefault();
    this.add(read(`${this.input.value}${text}`));
  }

  take() {
    const typed = this.input.value.trim();
    if (typed) this.add(read(typed));
  }

  add(people) {
    const known = new Set(this.people.map((one) => one.address.toLowerCase()));
    this.people.push(...people.filter(({ address }) => address && !known.has(address.toLowerCase()) && known.add(address.toLowerCase())));
    this.input.value = "";
    this.close();
    this.show();
    this.tell();
  }

  remove(n) {
    this.people.splice(n, 1);
    this.show();
    this.tell();
    this.input.focus();
  }

  tell() {
    this.field.dispatchEvent(new Event("people:changed", { bubbles: true }));
    warn(this.field.form);
    this.ask();
  }

  // Of somebody who was named just now it is found out whether our last mail has arrived.
  async ask() {
    const fresh = this.people.map(({ address }) => small(address)).filter((one) => isAddress(one) && !asked.has(one));
    if (!fresh.length) return;
    for (const one of fresh) asked.add(one);
    const told = await get(`${this.box.closest("[data-people-url]").dataset.peopleUrl}?to=${encodeURIComponent(fresh.join(" "))}`).catch(() => null);
    if (!told?.lost.length) return;
    know(told.lost, []);
    this.show();
    if (this.field.form) warn(this.field.form);
  }

  show() {
    this.field.value = this.people.map(written).join(", ");
    this.field.dataset.wrong = this.people.filter(({ address }) => !isAddress(address)).length || "";
    for (const chip of this.box.querySelectorAll(".person-chip")) chip.remove();
    this.people.forEach((person, n) => this.input.before(this.chip(person, n)));
  }

  chip(person, n) {
    const chip = node("span", "person-chip");
    const name = node("span", "clip");
    name.dir = "auto";
    name.textContent = person.name || person.address;
    const gone = lost.get(small(person.address));
    chip.title = gone ? `${gone.said} ${gone.words}`.trim() : isAddress(person.address) ? person.address : word("not_an_address", { name: person.address });
    chip.classList.toggle("wrong", !isAddress(person.address));
    chip.classList.toggle("lost", Boolean(gone));
    const remove = node("button", "person-remove");
    Object.assign(remove, { type: "button", textContent: "×" });
    remove.setAttribute("aria-label", word("remove", { name: person.name || person.address }));
    remove.addEventListener("click", () => this.remove(n));
    name.addEventListener("dblclick", () => { this.people.splice(n, 1); this.show(); this.input.value = written(person); this.input.focus(); });
    chip.append(name, remove);
    return chip;
  }

  suggest() {
    clearTimeout(this.timer);
    const typed = this.input.value.trim();
    if (typed.length < 2) return this.close();
    this.timer = setTimeout(async () => {
      const url = this.box.closest("[data-people-url]").dataset.peopleUrl;
      const told = await get(`${url}?q=${encodeURIComponent(typed)}`).catch(() => null);
      if (told && this.input.value.trim() === typed) this.offer(told.people);
    }, PAUSE);
  }

  offer(people) {
    const known = new Set(this.people.map((one) => one.address.toLowerCase()));
    this.options = people.filter(({ address }) => !known.has(address.toLowerCase()));
    this.list.replaceChildren(...this.options.map((person, n) => this.option(person, n)));
    this.list.hidden = !this.options.length;
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
    if (this.options.length) this.mark(0);
  }

  option({ name, address }, n) {
    const item = node("li", "people-option");
    item.id = `${this.list.id}-${n}`;
    item.dataset.n = n;
    item.setAttribute("role", "option");
    const [who, where] = [node("span", "clip"), node("span", "small quiet clip")];
    [who.textContent, where.textContent, who.dir] = [name || address, name ? address : "", "auto"];
    item.append(who, where);
    return item;
  }

  mark(n) {
    this.at = n;
    [...this.list.children].forEach((item, i) => { item.classList.toggle("on", i === n); item.setAttribute("aria-selected", String(i === n)); });
    this.input.setAttribute("aria-activedescendant", `${this.list.id}-${n}`);
  }

  choose(n) {
    const { name, address } = this.options[n];
    this.add([{ name, address }]);
    this.input.focus();
  }

  close() {
    clearTimeout(this.timer);
    [this.list.hidden, this.at, this.options] = [true, -1, []];
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}

function node(tag, className) {
  const made = document.createElement(tag);
  made.className = className;
  return made;
}
