/* The messages of this visitor, as the server's log has them.
 *
 * `known` is the newest id up to which nothing is missing: only lists move it, because an
 * answer to a post may overtake a message that was written before it.
 */

export const conversation = ({ client, onChange, onArrived }) => {
  let byId = new Map(), known = 0, more = false, seen = 0, running = null, again = false;

  const take = (messages) => {
    const fresh = messages.filter((message) => !byId.has(message.id));
    for (const message of messages) byId.set(message.id, message);
    return fresh;
  };

  const catchUp = async () => {
    let page, arrived = [];
    do {
      again = false;
      page = await client.after(known);
      arrived = arrived.concat(take(page.messages));
      known = Math.max(known, ...page.messages.map((message) => message.id));
      seen = Math.max(seen, page.seen || 0);
    } while (page.more || again);
    onChange();
    if (arrived.length) onArrived(arrived);
  };

  return {
    /** Start again from what /w/hello said; null is an empty conversation. */
    reset: (start) => {
      byId = new Map();
      take(start?.messages || []);
      known = Math.max(0, ...byId.keys());
      more = Boolean(start?.more);
      seen = start?.seen || 0;
    },
    /** A message whose id another answer gave. */
    add: (message) => take([message]),
    /** Read what the log has since `known`; calls that overlap become one. */
    sync: () => {
      again = true;
      running ||= catchUp().finally(() => (running = null));
      return running;
    },
    /** Read the page before the oldest message, one call at a time; true if something came. */
    older: async () => {
      if (!more || !byId.size) return false;
      const page = await client.before(Math.min(...byId.keys()));
      more = page.more;
      return take(page.messages).length > 0;
    },
    list: () => [...byId.values()].sort((a, b) => a.id - b.id),
    has: (id) => byId.has(id),
    more: () => more,
    seen: () => seen,
    last: (from) => Math.max(0, ...[...byId.values()].filter((message) => message.from === from).map((message) => message.id)),
  };
};
