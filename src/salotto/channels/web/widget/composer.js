/* Writing: a field that grows, a counter near the limit, a small choice of emoji. */

import { fill, make } from "./dom.js";

export const LIMIT = 5000;
const NEAR = 300;
const EMOJI = "😊 😀 😂 😉 😍 😎 🤔 😅 😕 😢 😡 🥳 👍 👎 👏 🙏 👋 💪 🤝 ❤️ 💛 💚 🎉 ✨ ☀️ 🔥 🎁 ✅".split(" ");
const COLUMNS = 7;

const picker = ({ words, onPick, onLeave }) => {
  const buttons = EMOJI.map((one, index) => make("button", { type: "button", tabindex: index ? -1 : 0, onclick: () => onPick(one) }, one));
  const go = (index) => buttons[(index + EMOJI.length) % EMOJI.length].focus();
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS };
  const onkeydown = (event) => {
    const at = buttons.indexOf(event.target);
    if (event.key === "Escape") onLeave();
    else if (steps[event.key]) go(at + steps[event.key]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const node = make("div", { class: "emoji", role: "group", "aria-label": words.emoji, hidden: true, onkeydown }, ...buttons);
  return { node, focus: () => go(0) };
};

/** onSend(text, email), onTyping() at each change, onEmail(email), draft: {get(), set(text)}. */
export const composer = ({ words, language, draw, draft, onSend, onTyping, onEmail }) => {
  const field = make("textarea", { rows: 1, dir: "auto", "aria-label": words.write, placeholder: words.placeholder, enterkeyhint: "send" });
  const send = make("button", { type: "submit", class: "go", "aria-label": words.send });
  const smile = make("button", { type: "button", class: "smile", "aria-label": words.emoji, "aria-expanded": "false" });
  const email = make("input", { type: "email", autocomplete: "email", placeholder: words.email, "aria-label": words.email });
  const note = make("p", { class: "count", role: "status", hidden: true });
  send.append(draw("M12 19V5m-6 6 6-6 6 6"));
  smile.append(draw("M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M8.5 14.5a4.3 4.3 0 0 0 7 0M9 9.5h.01M15 9.5h.01"));

  const text = () => field.value.trim();
  const length = () => [...text()].length; /* as the server counts: characters, not halves */
  const refresh = () => {
    const left = LIMIT - length();
    send.disabled = !text() || left < 0;
    note.hidden = left > NEAR;
    note.classList.toggle("bad", left < 0);
    note.textContent = left < 0 ? fill(words.too_long, { limit: LIMIT.toLocaleString(language), over: -left }) : fill(words.left, { left });
    field.setAttribute("aria-invalid", left < 0);
    field.rows = 1; /* measured from one row, then as many as its text needs */
    const line = parseFloat(getComputedStyle(field).lineHeight) || 22;
    if (field.clientHeight) field.rows = Math.max(1, Math.min(6, Math.round((field.scrollHeight - 20) / line)));
  };
  const changed = () => {
    draft.set(field.value);
    refresh();
  };
  const write = (value) => {
    field.value = value;
    changed();
  };
  const submit = () => {
    if (send.disabled) return;
    onSend(text(), email.value.trim());
    write("");
    field.focus();
  };
  const toggle = (show) => {
    palette.node.hidden = !show;
    smile.setAttribute("aria-expanded", show);
    (show ? palette : field).focus();
  };
  const palette = picker({
    words,
    onLeave: () => toggle(false),
    onPick: (one) => {
      toggle(false);
      field.setRangeText(one, field.selectionStart, field.selectionEnd, "end");
      field.dispatchEvent(new Event("input"));
    },
  });

  smile.onclick = () => toggle(palette.node.hidden);
  field.oninput = () => {
    changed();
    if (text()) onTyping();
  };
  field.onkeydown = (event) => {
    /* Enter that ends the composition of a character (IME) is not ours; 229 is Safari's word for it. */
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    if (email.reportValidity()) submit(); /* the button has the browser ask by itself */
  };
  email.onchange = () => email.validity.valid && onEmail(email.value.trim());
  const leave = make("div", { class: "field" }, email);
  const node = make("form", { class: "write", onsubmit: (event) => { event.preventDefault(); submit(); } },
    palette.node, leave, note, make("div", { class: "field" }, field, smile, send));
  field.value = draft.get() || "";
  return {
    node,
    refresh,
    focus: () => field.focus({ preventScroll: true }),
    ask: (on) => {
      if (leave.hidden = !on) email.value = ""; /* what is out of sight must not be in the way */
    },
    put: (value) => write(text() ? `${value}\n${field.value}` : value),
  };
};
