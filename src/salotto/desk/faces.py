"""How a person looks on a page: initials and a colour that stays the same."""

TONES = 12


def initials(name: str) -> str:
    """At most two letters: of the first and the last word; "?" for an empty name."""
    words = name.replace("@", " ").replace(".", " ").split()
    letters = [word[0] for word in (words[:1] + words[1:][-1:])]
    return "".join(letters).upper() or "?"


def tone(number: int) -> int:
    """A class number from 0 to 11, spread so that neighbours differ."""
    return (number * 5 + number // TONES) % TONES
