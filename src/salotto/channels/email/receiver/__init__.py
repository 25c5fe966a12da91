"""Mail that other servers bring: SMTP for the world, LMTP for an MTA beside us."""
