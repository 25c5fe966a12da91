// A form that writes a mail of its own: recipients, text, files; in a dialog or as a page.
import { Files } from "./files.js";
import { kept } from "./kept.js";
import { post } from "./net.js";
import { dress, finish } from "./recipients.js";

const NAMES = ["mailbox", "to", "cc", "bcc", "subject", "body", "key", "choose"];

export class Form {
  /** `done` gets the server's answer. */
  constructor(form, done) {
    Object.assign(this, { form, done });
    this.draft = form.dataset.keep && `salotto:draft:${document.body.dataset.account}:${form.dataset.keep}`;
    this.restore();
    dress(form);
    const attach = form.querySelector("[data-attach]");
    if (attach) { attach.hidden = false; this.files = new Files(form); this.files.set(this.kept?.files ?? []); this.files.addEventListener("changed", () => this.keep()); }
    this.showCopies();
    this.showSignature();
    form.elements.mailbox?.addEventListener("change", () => this.showSignature());
    form.addEventListener("submit", (event) => { event.preventDefault(); this.send(); });
    form.addEventListener("keydown", (event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && (event.preventDefault(), this.send()));
    form.addEventListener("input", () => this.keep());
    form.addEventListener("people:changed", () => { this.say(""); this.keep(); });
  }

  focus() { (this.form.querySelector(".people-input") ?? this.form.querySelector("input:not([type=hidden])"))?.focus(); }

  // That of the inbox it leaves from.
  showSignature() {
    const of = this.form.elements.mailbox?.value;
    for (const one of this.form.querySelectorAll("[data-signature-of]")) one.hidden = one.dataset.signatureOf !== of;
  }

  showCopies() {
    const [button, copies] = [this.form.querySelector("[data-show-copies]"), this.form.querySelector("[data-copies]")];
    if (!button) return;
    const wanted = this.form.elements.cc.value || this.form.elements.bcc.value;
    [copies.hidden, button.hidden] = [!wanted, Boolean(wanted)];
    button.addEventListener("click", () => { [copies.hidden, button.hidden] = [false, true]; copies.querySelector(".people-input").focus(); });
  }

  values() { return Object.fromEntries(NAMES.filter((name) => this.form.elements[name]).map((name) => [name, this.form.elements[name].value])); }

  // The files that a forwarded mail takes along.
  ticked() { return [...this.form.querySelectorAll("[name=keep]:checked")].map((box) => box.value).join(","); }

  keep() {
    if (!this.draft) return;
    const { to, cc, bcc, subject, body } = this.values();
    const files = this.files?.ready() ?? [];
    if (to || cc || bcc || subject || body || files.length) kept.setItem(this.draft, JSON.stringify({ to, cc, bcc, subject, body, files }));
    else kept.removeItem(this.draft);
  }

  restore() {
    if (this.form.elements.to?.value) this.draft = null; // somebody in particular is written to
    this.kept = this.draft ? JSON.parse(kept.getItem(this.draft) ?? "null") : null;
    if (!this.kept) return;
    for (const name of ["to", "cc", "bcc", "subject", "body"]) if (this.form.elements[name]) this.form.elements[name].value = this.kept[name] ?? "";
  }

  say(sentence) {
    const place = this.form.querySelector("[data-error]");
    place.textContent = sentence;
    place.hidden = !sentence;
    if (sentence) place.scrollIntoView({ block: "nearest" });
  }

  async send() {
    this.say("");
    finish(this.form);
    const trouble = this.files?.trouble();
    if (trouble) return this.say(trouble);
    const button = this.form.querySelector(".button.primary");
    button.disabled = true;
    try {
      const told = await post(this.form.action, { ...this.values(), attachments: this.form.elements.attachments?.value ?? "", keep: this.ticked() });
      if (this.draft) kept.removeItem(this.draft);
      this.done(told);
    } catch (refusal) {
      this.say(refusal.message);
    } finally {
      button.disabled = false;
    }
  }
}
