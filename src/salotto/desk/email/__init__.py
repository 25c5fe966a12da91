"""Settings pages about email: inboxes, their servers and look, sender domains, mail that waits."""
