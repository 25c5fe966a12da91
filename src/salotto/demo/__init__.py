"""The demo: a shop, its team and their conversations. Exists only with SALOTTO_DEMO on."""
