/* Messages on their way. Kept in storage until the server has them; sent in order, one at
 * a time across all tabs; the same client-made id each time, so that none is doubled.
 */

import { pauseBefore } from "./sse.js";

const FINAL = (status) => status >= 400 && status < 500 && ![408, 425, 429].includes(status);

/** items: a record of [{id, body, page, title, email, at, state, error, status}], state one of
 * "sending" | "waiting" | "refused". onSent(item, message) after each success, onChange always.
 */
export const outbox = ({ items, post, locked, onSent, onChange }) => {
  let running = false, again = false, attempt = 0, timer = 0, notBefore = 0;

  const change = (id, change) => {
    items.write((all) => all.map((item) => (item.id === id ? { ...item, ...change } : item)));
    onChange();
  };
  const drop = (id) => {
    items.write((all) => all.filter((item) => item.id !== id));
    onChange();
  };
  const later = (wait) => {
    clearTimeout(timer);
    notBefore = Date.now() + wait;
    timer = setTimeout(flush, wait + 5);
  };

  /* True: go on with the next one. */
  const send = async (item) => {
    change(item.id, { state: "sending" });
    try {
      if (!navigator.onLine) throw { status: 0 };
      const { message } = await post(item);
      attempt = notBefore = 0;
      onSent(message);
      drop(item.id);
      return true;
    } catch (error) {
      if (FINAL(error.status)) {
        change(item.id, { state: "refused", error: error.message, status: error.status });
        return true;
      }
      change(item.id, { state: "waiting", status: error.status });
      later(error.wait || pauseBefore((attempt += 1)));
      return false;
    }
  };

  const flush = async () => {
    if (running) {
      again = true;
      return;
    }
    if (Date.now() < notBefore) return; /* the timer is set */
    running = true;
    await locked("outbox", async () => {
      let item;
      do again = false;
      while ((item = items.read().find((one) => one.state !== "refused")) && (await send(item)));
    });
    running = false;
    if (again) flush();
  };

  const add = (item) => {
    items.write((all) => [...all, { ...item, state: navigator.onLine && Date.now() > notBefore ? "sending" : "waiting" }]);
    onChange();
    flush();
  };

  /* Back online: at once, unless the server itself asked for patience. */
  addEventListener("online", () => {
    if (!items.read().some((item) => item.status === 429)) attempt = notBefore = 0;
    flush();
  });
  return {
    add,
    drop,
    flush,
    retry: (id) => {
      change(id, { state: "waiting", error: "" });
      flush();
    },
    waiting: () => items.read(),
  };
};
