/* What a visitor's browser keeps for one site: token, outbox, draft. No cookies.
 *
 * Where storage is blocked or full, memory takes its place until the page is left.
 */

export const storage = (area) => {
  const memory = new Map();
  let real = null;
  try {
    real = window[area];
  } catch {
    /* blocked by the browser's settings */
  }
  const attempt = (call, otherwise) => {
    try {
      return call();
    } catch {
      return otherwise;
    }
  };
  return {
    get: (name) => memory.get(name) ?? attempt(() => real.getItem(name), null),
    set: (name, text) => {
      if (attempt(() => (real.setItem(name, text), true), false)) memory.delete(name);
      else memory.set(name, text);
    },
    remove: (name) => {
      memory.delete(name);
      attempt(() => real.removeItem(name));
    },
  };
};

/** A JSON value under one name: read() and write(change), where change maps old to new. */
export const record = (area, name, empty) => {
  const read = () => {
    try {
      return JSON.parse(area.get(name)) ?? empty;
    } catch {
      return empty;
    }
  };
  return {
    read,
    write: (change) => {
      const value = change(read());
      area.set(name, JSON.stringify(value));
      return value;
    },
  };
};
