"""Handing mail to SMTP servers: connections, patience, and what became of it."""
