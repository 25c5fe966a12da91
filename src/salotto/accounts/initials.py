"""The letters in a person's circle: the same in the desk, in the widget and in the demo."""


def initials(name: str) -> str:
    """At most two letters, of the first two words of a name or address; "?" for an empty one."""
    words = name.replace("@", " ").replace(".", " ").split()
    return "".join(word[0] for word in words[:2]).upper() or "?"
