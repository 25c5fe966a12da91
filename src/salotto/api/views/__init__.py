"""The operations, by what they are about. Each parses, calls an action or query, and says it."""
