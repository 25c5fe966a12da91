/* Making elements. Text goes in as text, never as markup; no style attributes. */

export const make = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node[name] = value;
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null && child !== false));
  return node;
};

export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

const ADDRESS = /\b(?:https?:\/\/|mailto:)[^\s<>"']+/gi;

/** Where a matched address really ends: without closing punctuation of the sentence. */
const trimmed = (match) => {
  let text = match.replace(/[.,;:!?»”’]+$/, "");
  while (text.endsWith(")") && text.split(")").length > text.split("(").length) text = text.slice(0, -1).replace(/[.,;:!?]+$/, "");
  return text;
};

const parses = (address) => {
  try {
    return Boolean(new URL(address));
  } catch {
    return false;
  }
};

/** The text as nodes, with http, https and mailto addresses as links. */
export const linked = (text, hint) => {
  const nodes = [];
  let at = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = trimmed(match[0]);
    if (!parses(address)) continue;
    nodes.push(text.slice(at, match.index), make("a", {
      href: address, target: "_blank", rel: "noopener noreferrer nofollow ugc", title: fill(hint, { address }),
    }, address));
    at = match.index + address.length;
  }
  nodes.push(text.slice(at));
  return nodes.filter((node) => node !== "");
};

/** A random v4 UUID, also on pages without TLS, where crypto.randomUUID is missing. */
export const uuid = () => {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
};

/** Make the children of `parent` these rows ({key, mark, node()}), keeping what is already right. */
export const reconcile = (parent, rows) => {
  const keys = new Set(rows.map((row) => row.key));
  const old = new Map();
  for (const node of [...parent.children]) {
    if (keys.has(node.rowKey)) old.set(node.rowKey, node);
    else node.remove();
  }
  let next = parent.firstElementChild;
  for (const row of rows) {
    let node = old.get(row.key);
    if (!node || node.rowMark !== row.mark) {
      const fresh = Object.assign(row.node(), { rowKey: row.key, rowMark: row.mark });
      if (node) {
        fresh.classList.add("still"); /* changed, not new: no entrance */
        node.replaceWith(fresh);
        if (node === next) next = fresh;
      }
      node = fresh;
    }
    if (node === next) next = next.nextElementSibling;
    else parent.insertBefore(node, next);
  }
};
