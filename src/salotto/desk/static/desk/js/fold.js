// Messages of more than about twenty lines are folded; a button shows the rest.
import { word } from "./words.js";

const LINES = 20, SLACK = 4; // two or three more lines are not worth a button

/** Fold the long ones among these entries. */
export function fold(entries) {
  for (const text of entries.flatMap((entry) => [...entry.querySelectorAll(".text")])) {
    if (text.scrollHeight > (LINES + SLACK) * parseFloat(getComputedStyle(text).lineHeight)) shorten(text);
  }
}

function shorten(text) {
  if (text.classList.contains("folded")) return;
  text.classList.add("folded");
  const more = document.createElement("button");
  more.type = "button";
  more.className = "link unfold";
  more.textContent = word("show_all");
  more.addEventListener("click", () => {
    text.classList.remove("folded");
    text.tabIndex = -1;
    text.focus({ preventScroll: true });
    more.remove();
  });
  text.after(more);
}
