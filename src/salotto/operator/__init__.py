"""Pages of those who run the installation: catalogue, accounts, requests, money, audit log."""
