/* "Ask us" opens the chat; the queue holds the wish until the widget is there. */
window.salotto ||= Object.assign((...command) => window.salotto.q.push(command), { q: [] });
for (const button of document.querySelectorAll("[data-chat]")) {
  button.addEventListener("click", () => window.salotto("open"));
}
