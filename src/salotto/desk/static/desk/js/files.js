// Files of a message that is being written: uploaded at once, shown with how far they are.
import { Refusal, csrf, refused } from "./net.js";
import { word } from "./words.js";

const MOST_BYTES = 25 * 1024 * 1024, MOST = 30;

/** The files of a form with a place `[data-files]`; they come by button, by dropping, by pasting. */
export class Files extends EventTarget {
  constructor(form) {
    super();
    this.form = form;
    this.place = form.querySelector("[data-files]");
    this.field = form.elements.attachments;
    this.items = [];
    const choose = form.querySelector("[data-choose]");
    form.querySelector("[data-attach]").addEventListener("click", () => choose.click());
    choose.addEventListener("change", () => { this.add(choose.files); choose.value = ""; });
    form.addEventListener("paste", (event) => { if (this.takes() && event.clipboardData?.files.length && !isTable(event.clipboardData)) { event.preventDefault(); this.add(event.clipboardData.files); } });
    this.listenForDrops();
  }

  /** How many bytes all of them may have. */
  get most() { return Number(this.form.dataset.mostFiles) || MOST_BYTES; }

  /** Whether files may be added now: email, or a note. */
  takes() { return "takesFiles" in this.form.dataset || this.form.dataset.kind === "note"; }

  listenForDrops() {
    const { form } = this;
    const over = (on) => form.classList.toggle("dropping", on);
    form.dataset.drop = word("drop_here");
    form.addEventListener("dragover", (event) => {
      if (!this.takes() || !event.dataTransfer?.types.includes("Files") || event.target.type === "file") return;
      event.preventDefault();
      over(true);
    });
    form.addEventListener("dragleave", (event) => form.contains(event.relatedTarget) || over(false));
    form.addEventListener("drop", (event) => {
      over(false);
      if (!this.takes() || !event.dataTransfer?.files.length || event.target.type === "file") return;
      event.preventDefault();
      this.add(event.dataTransfer.files);
    });
  }

  /** Begin to upload these. */
  add(files) {
    for (const file of files) {
      const item = { file, id: 0, name: file.name || "image.png", size: file.size, done: 0, error: "" };
      this.items.push(item);
      if (file.size > this.most) item.error = this.form.dataset.largeFile ?? word("file_too_large");
      else if (this.items.length > MOST) item.error = word("too_many_files");
      else this.send(item);
    }
    this.changed();
  }

  send(item) {
    [item.error, item.done] = ["", 0];
    upload(this.form.dataset.uploads, item, () => this.progress(item))
      .then(({ id, name }) => { [item.id, item.name, item.file] = [id, name, null]; })
      .catch((refusal) => { item.error = refusal.message || word("upload_failed"); })
      .finally(() => this.changed());
    this.changed();
  }

  /** Files that the server has, by what the browser kept of them: `[{id, name, size}]`. */
  set(kept) {
    for (const { request } of this.items) request?.abort(); // what is not there yet belongs to another text
    this.items = kept.map(({ id, name, size }) => ({ file: null, id, name, size, done: size, error: "" }));
    this.changed();
  }

  /** What can be kept: those that the server has. */
  ready() { return this.items.filter(({ id }) => id).map(({ id, name, size }) => ({ id, name, size })); }

  /** Why the message cannot be sent yet, or "". */
  trouble() {
    if (this.items.some(({ error }) => error)) return word("files_failed");
    if (this.items.some(({ id }) => !id)) return word("files_wait");
    const total = this.items.reduce((sum, { size }) => sum + size, 0);
    return total > this.most ? (this.form.dataset.largeFiles ?? word("files_too_large")) : "";
  }

  remove(item) {
    item.request?.abort();
    this.items = this.items.filter((one) => one !== item);
    if (item.id) fetch(`${this.form.dataset.uploads}${item.id}/drop/`, { method: "POST", headers: { "X-CSRFToken": csrf() }, keepalive: true }).catch(() => {});
    this.changed();
    this.form.querySelector("[data-attach]").focus();
  }

  changed() {
    this.field.value = this.ready().map(({ id }) => id).join(",");
    this.place.replaceChildren(...this.items.map((item) => this.chip(item)));
    this.place.hidden = !this.items.length;
    this.dispatchEvent(new Event("changed"));
  }

  progress(item) {
    const bar = this.place.children[this.items.indexOf(item)]?.querySelector("progress");
    if (bar) bar.value = item.done / Math.max(1, item.size);
  }

  chip(item) {
    const chip = node("li", `file${item.error ? " wrong" : item.id ? "" : " under-way"}`);
    const box = chip.appendChild(node("span", "file-box"));
    const name = box.appendChild(node("span", "file-name"));
    name.append(node("span", "clip", item.name), node("span", "small quiet", item.error || (item.id ? inWords(item.size) : word("uploading"))));
    if (!item.id && !item.error) { const bar = box.appendChild(document.createElement("progress")); bar.setAttribute("aria-label", word("uploading")); bar.value = 0; }
    if (item.error && item.file && item.size <= this.most) this.button(box, word("try_again"), "link small", () => this.send(item)).textContent = word("try_again");
    this.button(box, word("remove", { name: item.name }), "person-remove", () => this.remove(item)).textContent = "×";
    return chip;
  }

  button(to, label, className, run) {
    const made = to.appendChild(node("button", className));
    made.type = "button";
    made.setAttribute("aria-label", label);
    made.addEventListener("click", run);
    return made;
  }
}

// Cells of a spreadsheet bring a picture of themselves along: their text is what is meant.
function isTable({ types }) { return types.includes("text/plain") && types.includes("text/html"); }

// fetch tells nothing of how far an upload is.
function upload(url, item, progress) {
  return new Promise((done, fail) => {
    const request = (item.request = new XMLHttpRequest());
    request.open("POST", url);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", csrf());
    request.responseType = "json";
    request.upload.addEventListener("progress", ({ loaded }) => { item.done = Math.min(loaded, item.size); progress(); });
    request.addEventListener("load", () => (request.status === 201 ? done(request.response) : fail(refused(request.status, request.response))));
    request.addEventListener("error", () => fail(new Refusal(0, "unreachable", word("upload_failed"))));
    const form = new FormData();
    form.append("file", item.file, item.name);
    request.send(form);
  });
}

/** Bytes as the server writes them. */
export function inWords(size) {
  const units = ["B", "kB", "MB", "GB"];
  let n = 0;
  while (size >= 999.5 && n < units.length - 1) { size /= 1024; n += 1; }
  return `${size.toLocaleString(document.body.dataset.locale, { maximumFractionDigits: n > 1 && size < 99.95 ? 1 : 0 })} ${units[n]}`;
}

function node(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  if (text) { made.textContent = text; made.dir = "auto"; }
  return made;
}
