"""How the tables of words are written: one word, phrase or piece of an expression, a stroke, the next."""


def words(table: str) -> tuple[str, ...]:
    """The entries of a table, each with single blanks."""
    return tuple(filter(None, (" ".join(word.split()) for word in table.split("|"))))


def one_of(table: str) -> str:
    """The entries as the alternatives of a regular expression."""
    return "|".join(words(table))
