// What others change about seats and requests comes to the page by itself: the server is asked for
// the parts that may be different, and each takes the place of the one with its id.
import { live, start } from "../stream.js";
import { ask, spread } from "./parts.js";

const PAUSE = 150;
const address = document.body.dataset.news;
let waiting = 0;

// Several facts of one change lead to one question.
function renew() {
  clearTimeout(waiting);
  waiting = setTimeout(async () => {
    const { status, html } = await ask(address);
    if (status === 200) spread(html);
  }, PAUSE);
}

if (address) {
  live.addEventListener("facts", ({ detail }) => detail.some(({ kind }) => kind === "seats.changed") && renew());
  live.addEventListener("reset", renew);
  start();
}
