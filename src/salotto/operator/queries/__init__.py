"""Reads of the operator pages: across accounts, bounded, paged by key, one query a list."""
