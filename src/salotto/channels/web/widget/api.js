/* The visitor endpoints. No cookies: a bearer token, kept per site. */

/** An answer that is not 2xx: `status` (0: none came), the server's `message`, `wait` in ms. */
export class Refusal extends Error {
  constructor(status, message = "", wait = 0) {
    super(message);
    Object.assign(this, { status, wait });
  }
}

const PATIENCE = 20_000;

const refusal = async (response) => {
  const body = await response.json().catch(() => ({}));
  const wait = parseFloat(response.headers.get("Retry-After")) * 1000;
  return new Refusal(response.status, body.error?.message || "", wait || (response.status === 429 ? 5_000 : 0));
};

export const api = ({ base, site, language, mine, locked }) => {
  const request = async (path, { body, signal, token } = {}) => {
    const limit = new AbortController();
    const timer = signal ? 0 : setTimeout(() => limit.abort(), PATIENCE);
    let response;
    try {
      response = await fetch(base + path, {
        method: body ? "POST" : "GET",
        body: body && JSON.stringify(body),
        headers: { ...(body && { "Content-Type": "application/json" }), ...(token && { Authorization: `Bearer ${token}` }) },
        credentials: "omit",
        cache: "no-store",
        signal: signal || limit.signal,
      });
      if (!response.ok) throw await refusal(response);
      if (signal) return response;
      return response.status === 204 ? null : await response.json();
    } catch (error) {
      throw error instanceof Refusal ? error : new Refusal(0);
    } finally {
      clearTimeout(timer);
    }
  };

  /* One tab at a time, so that two tabs opened together stay one visitor. */
  const hello = () => locked("hello", async () => {
    const { token } = mine.read();
    const greet = (kept) => request("hello", { body: { site, language, ...(kept && { token: kept }) } });
    const answer = await greet(token).catch((error) => {
      if (error.status === 401 && token) return greet(null);
      throw error;
    });
    mine.write((old) => ({ ...old, token: answer.token }));
    return answer;
  });

  /* With the token; one that ran out is replaced once, and `onRenewed` shows the new state. */
  const call = async (path, options = {}) => {
    const { token } = mine.read();
    try {
      if (!token) throw new Refusal(401);
      return await request(path, { ...options, token });
    } catch (error) {
      if (error.status !== 401 || options.renewed) throw error;
      if (mine.read().token === token) {
        mine.write((old) => ({ ...old, token: null, seen: 0 }));
        client.onRenewed(await hello());
      }
      return call(path, { ...options, renewed: true });
    }
  };

  const client = {
    onRenewed: () => {},
    hello,
    post: (body) => call("messages", { body }), /* an item of the outbox; the server takes what it knows */
    after: (id) => call(`messages?after=${id}`),
    before: (id) => call(`messages?before=${id}`),
    live: (since, signal) => call(`live?since=${encodeURIComponent(since)}`, { signal }),
    typing: () => call("typing", { body: {} }),
    seen: (message) => call("seen", { body: { message } }),
    email: (email) => call("email", { body: { email } }).catch(() => {}), /* it comes with the next message too */
  };
  return client;
};
