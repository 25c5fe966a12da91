"""The email channel: mailboxes, mail in, mail out."""
