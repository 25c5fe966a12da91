// Stands for Stripe's library in a browser test: the same calls, answered by the fake Stripe.
window.Stripe = (publishableKey) => {
  const idOf = (secret) => secret.split("_secret_")[0];
  const overlay = (question) =>
    new Promise((resolve) => {
      const frame = document.createElement("div");
      frame.id = "bank-of-stripe";
      Object.assign(frame.style, { position: "fixed", inset: "0", background: "white", zIndex: "2147483647" });
      for (const answer of ["Complete", "Fail"]) {
        const button = document.createElement("button");
        button.textContent = `${answer} ${question}`;
        button.onclick = () => (frame.remove(), resolve(answer === "Complete"));
        frame.append(button);
      }
      document.body.append(frame);
    });
  return {
    elements: ({ clientSecret, appearance }) => ({
      clientSecret,
      create: () => ({
        on: (name, then) => setTimeout(then),
        mount: (where) => {
          where.textContent = `Card form of ${publishableKey}`;
          Object.assign(where.style, { color: appearance.variables.colorText, background: appearance.variables.colorBackground });
          where.dataset.primary = appearance.variables.colorPrimary;
        },
      }),
    }),
    confirmSetup: async ({ elements }) => {
      const id = idOf(elements.clientSecret);
      if (!(await overlay("the set-up"))) return { error: { type: "card_error", message: "The bank said no." } };
      await window.enterCard(id);
      return { setupIntent: { id } };
    },
    handleNextAction: async ({ clientSecret }) => {
      await window.answerBank(idOf(clientSecret), await overlay("the payment"));
      return {};
    },
  };
};
