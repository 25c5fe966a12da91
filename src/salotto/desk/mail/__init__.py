"""Email in the desk: reading it in the thread, and writing it."""
