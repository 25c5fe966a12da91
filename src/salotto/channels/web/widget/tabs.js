/* Several tabs of one site: one of them holds the stream, all hear it.
 *
 * A browser without Web Locks or BroadcastChannel (or a page without TLS, where locks are
 * missing) gets a stream per tab: more lines, the same messages.
 */

/** Run `work` while no other tab does the same. */
export const lockedFor = (key) => (name, work) =>
  navigator.locks ? navigator.locks.request(`${key}:${name}`, work) : work();

/** want(true | false) says whether this tab needs the stream; `hear` gets what any tab told. */
export const tabs = ({ key, lead, hear }) => {
  const shared = Boolean(navigator.locks && window.BroadcastChannel);
  const channel = shared ? new BroadcastChannel(key) : null;
  let wanted = false, release = () => {};

  const tell = (what) => channel?.postMessage(what);
  if (channel) channel.onmessage = ({ data }) => hear(data);

  const hold = () => lead((what) => {
    tell(what);
    hear(what);
  });

  const queue = () => {
    const giveUp = new AbortController();
    let stop = () => giveUp.abort();
    navigator.locks.request(`${key}:live`, { signal: giveUp.signal }, () => new Promise((done) => {
      const end = hold();
      stop = () => {
        end();
        done();
      };
    })).catch(() => {}); /* given up before its turn */
    return () => stop();
  };

  return {
    tell,
    want: (yes) => {
      if (yes === wanted) return;
      wanted = yes;
      if (yes) release = shared ? queue() : hold();
      else release();
    },
  };
};
