"""Mail in by IMAP: connections, what a folder holds, one look at a mailbox, and the station that
tends many mailboxes. Imported only where a mailbox is read."""
