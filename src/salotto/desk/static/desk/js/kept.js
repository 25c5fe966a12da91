// What the browser keeps for us. It may refuse (private windows, a full disk): then nothing is kept.

export const kept = {
  getItem(key) {
    try { return localStorage.getItem(key); } catch { return null; }
  },
  setItem(key, value) {
    try { localStorage.setItem(key, value); } catch { /* the text still stands on the page */ }
  },
  removeItem(key) {
    try { localStorage.removeItem(key); } catch { /* as above */ }
  },
};
