// A password can be looked at before it is sent. Without this script the button stays hidden.
for (const button of document.querySelectorAll("[data-reveal]")) {
  const input = button.previousElementSibling;
  const words = [button.textContent, button.dataset.reveal];
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    button.textContent = words[shown ? 0 : 1];
    button.setAttribute("aria-pressed", String(!shown));
  });
}
