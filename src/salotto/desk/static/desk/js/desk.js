// The inbox page: every part starts here, once.
import * as acts from "./acts.js";
import * as composer from "./composer.js";
import * as keys from "./keys.js";
import * as list from "./list.js";
import * as mail from "./mail.js";
import * as nav from "./nav.js";
import * as stream from "./stream.js";
import * as thread from "./thread.js";

composer.start();
thread.start();
list.start();
nav.start();
acts.start();
mail.start();
keys.start();
stream.start();
