/* Server-sent events over fetch, because EventSource cannot carry a bearer token. */

/** A function that takes text in any pieces and delivers {event, data, id} per frame. */
export const frames = (deliver) => {
  let rest = "", data = [], event = "", id = null, skip = false;
  const finish = () => {
    if (data.length || event || id !== null) deliver({ event: event || "message", data: data.join("\n"), id });
    data = [];
    event = "";
    id = null;
  };
  const line = (text) => {
    if (!text) return finish();
    const colon = text.indexOf(":");
    if (colon === 0) return; /* a comment: the heartbeat */
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? "" : text.slice(colon + 1).replace(/^ /, "");
    if (field === "data") data.push(value);
    else if (field === "event") event = value;
    else if (field === "id" && !value.includes("\0")) id = value;
  };
  return (piece) => {
    if (!piece) return;
    const text = skip && piece[0] === "\n" ? piece.slice(1) : piece; /* without the second half of a CRLF */
    skip = text.endsWith("\r");
    const lines = (rest + text).split(/\r\n|\r|\n/);
    rest = lines.pop();
    lines.forEach(line);
  };
};

const SILENCE = 45_000; /* the server's heartbeat is more frequent: past this, the line is dead */
const STEADY = 5_000; /* a connection that lived this long was a good one */

export const pauseBefore = (attempt) => Math.min(30_000, 500 * 2 ** Math.min(attempt, 6)) * (0.5 + Math.random() / 2);

/** Hold a stream until stop(): connect, read, reconnect with the last cursor.
 *
 * connect(cursor, signal) gives a Response or throws an error, perhaps with `wait` in ms;
 * onFrame sees every frame, onUp(true | false) every change of the line.
 */
export const stream = ({ connect, onFrame, onUp }) => {
  let cursor = "", attempt = 0, stopped = false, line = null, wake = null;

  const read = async () => {
    const alive = () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => line?.abort(), SILENCE);
    };
    let watchdog, ended = false;
    line = new AbortController();
    alive();
    try {
      const response = await connect(cursor, line.signal);
      const reader = response.body.getReader();
      const decoder = new TextDecoder();
      const feed = frames((frame) => {
        if (frame.id !== null) cursor = frame.id;
        if (frame.event === "resume") ended = true;
        else onFrame(frame);
      });
      onUp(true);
      while (!ended) {
        const { done, value } = await reader.read();
        if (done) break;
        alive();
        feed(decoder.decode(value, { stream: true }));
      }
      if (ended) reader.cancel().catch(() => {});
      return ended;
    } finally {
      clearTimeout(watchdog);
    }
  };

  const pause = (ms) => new Promise((go) => {
    const timer = setTimeout(go, ms);
    wake = () => {
      clearTimeout(timer);
      go();
    };
  });
  const hurry = () => {
    if (document.visibilityState === "visible") wake?.();
  };
  const lost = () => line?.abort();

  const run = async () => {
    while (!stopped) {
      let wait = 0;
      const begun = Date.now();
      try {
        if (await read()) wait = Math.random() * 500;
      } catch (error) {
        wait = error.wait || 0;
      }
      if (stopped) break;
      onUp(false);
      if (!navigator.onLine) wait = 30_000; /* or when the browser says it is back */
      attempt = Date.now() - begun > STEADY ? 0 : attempt + 1;
      await pause(wait || pauseBefore(attempt));
    }
  };

  addEventListener("online", hurry);
  addEventListener("offline", lost);
  document.addEventListener("visibilitychange", hurry);
  run();
  return () => {
    stopped = true;
    removeEventListener("online", hurry);
    removeEventListener("offline", lost);
    document.removeEventListener("visibilitychange", hurry);
    line?.abort();
    wake?.();
  };
};
