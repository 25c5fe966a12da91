// Manage seats: the dialog in which seats are bought and support is written to.
// Without this script each of its pages stands alone.
import "./seats/dialog.js";
import "./seats/price.js";
import "./seats/payment.js";
