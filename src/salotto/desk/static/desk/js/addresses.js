// Email addresses as people type and paste them. No page needed.

const SHAPE = /^[^\s@<>()[\],;:"\\]{1,64}@[^\s@<>()[\],;:"\\]{1,253}$/u;

/** Whether mail could be sent to it, by its form alone (as the server sees it). */
export function isAddress(address) {
  if (!SHAPE.test(address)) return false;
  const [local, domain] = address.split("@");
  return !local.startsWith(".") && !local.endsWith(".") && !local.includes("..")
    && domain.split(".").every((label) => label && !label.startsWith("-"));
}

/** The people in a text: `[{name, address}]`; what is no address has it as its `address` all the same. */
export const read = (text) => pieces(text).map(person);

/** As an agent reads it: `Name <address>`. */
export const written = ({ name, address }) => (name ? `${/[(),.:;<>@[\]"\\]/.test(name) ? `"${name.replace(/[\\"]/g, "\\$&")}"` : name} <${address}>` : address);

// Separators count outside of quotes and angle brackets; a space does too between bare addresses.
function pieces(text) {
  const found = [];
  let piece = "", quoted = false, angled = false;
  for (const sign of text) {
    if (sign === '"' && !piece.endsWith("\\")) quoted = !quoted;
    else if (!quoted && sign === "<") angled = true;
    else if (!quoted && sign === ">") angled = false;
    if (!quoted && !angled && /[,;\n\r\t]/.test(sign)) { found.push(piece); piece = ""; } else piece += sign;
  }
  return [...found, piece].map((one) => one.trim()).filter(Boolean).flatMap((one) => {
    const words = one.split(/\s+/);
    return words.length > 1 && words.every(isAddress) ? words : [one];
  });
}

function person(piece) {
  const named = /^(.*?)\s*<\s*([^<>]*?)\s*>$/su.exec(piece);
  if (!named) return { name: "", address: piece.replace(/^mailto:/i, "") };
  return { name: named[1].replace(/^"(.*)"$/su, "$1").replace(/\\(.)/g, "$1").trim(), address: named[2] };
}
