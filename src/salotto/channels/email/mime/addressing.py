"""Lists of addresses: names in quotes, comments, groups, and what people's programs write."""

import re

from salotto.channels.email.mime import words
from salotto.channels.email.mime.parsed import NOBODY, Address
from salotto.channels.email.mime.reading import Reading, line

MOST = 5_000
LONGEST_LIST = 300_000
"""Characters of all headers of one name that are read."""

LONGEST_NAME, LONGEST_ADDRESS = 500, 320

_SIMPLE = re.compile(
    r"\s*+(?:\"([^\"\\]*+)\"|([^\"<>(),:;@\\]*+))\s*+<\s*+([^<>\s,;:\"()\\@]++@[^<>\s,;:\"()\\@]++)\s*+>\s*+\Z"
)
_BARE = re.compile(r"\s*+([^<>\s,;:\"()\\@]++@[^<>\s,;:\"()\\@]++)\s*+\Z")
_TOKEN = re.compile(
    r"\"(?:[^\"\\]|\\.)*+(?:\"|\Z)"  # a quoted string, to the end if it is not closed
    r"|<[^<>]*+(?:>|\Z|(?=<))"  # an address
    r"|=\?[^?\s]{1,60}\?[bBqQ]\?[^?]*+\?="  # an encoded word may hold a comma
    r"|[^\"<>(),:;=\\]++"
    r"|\\."
    r"|.",
    re.DOTALL,
)
_TOKEN_WITHOUT_QUOTES = re.compile(r"<[^<>]*+(?:>|\Z|(?=<))|[^<>(),:;\\]++|.", re.DOTALL)
_SPACE = re.compile(r"\s+")
_QUOTED_LOCAL = re.compile(r"(\"(?:[^\"\\]|\\.)++\")(?=\s*@)")
_PACKED = re.compile(r"(.*?)<?([^<>\s\"',;:()]+@[^<>\s\"',;:()]+)>?\s*\Z", re.DOTALL)
_MAILTO = re.compile(r"\[mailto:([^\[\]\s]+@[^\[\]\s]+)\]", re.IGNORECASE)
_NOBODY = re.compile(r"[<\"]?\s*undisclosed[- ]?recipients?\b[^@]*\Z", re.IGNORECASE)
"""What programs write where there is nobody to name, in a form that is none of a group."""
_SURNAME = re.compile(r"[^\W\d_a-z][^\d@]*\Z")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def read(values: list[str], reading: Reading) -> tuple[Address, ...]:
    """Every address of these headers, in order, without empty ones."""
    found: list[Address] = []
    left = LONGEST_LIST
    for value in values:
        if _NOBODY.match(value):
            continue
        simple = _simple(value, reading)
        found += [simple] if simple else _List(words.unfold(value, left), reading).addresses()
        left = max(0, left - len(value))
        if len(found) > MOST:
            reading.note(f"There are more than {MOST} recipients; the others were left out.")
            return tuple(found[:MOST])
    return tuple(found)


def _simple(value: str, reading: Reading) -> Address | None:
    """What nearly every header is: one address, with or without a name."""
    if "\n" in value or len(value) > 1000:
        return None
    if match := _SIMPLE.match(value):
        quoted, plain, address = match.groups()
        name = quoted if quoted is not None else plain
    elif match := _BARE.match(value):
        name, address = "", match[1]
    else:
        return None
    as_it_stands = value.isascii() and value.isprintable() and "=?" not in value and "'" not in value
    if as_it_stands and len(address) <= LONGEST_ADDRESS and address[-1] != ".":
        name = line(name, LONGEST_NAME)
        return Address("" if name.lower() == address.lower() else name, address)
    return _address(name, address, reading)


def _address(name: str, address: str, reading: Reading) -> Address:
    name = line(words.decode(name, reading), LONGEST_NAME)
    address = _bare(words.decode(address, reading))
    if len(name) > 1 and name[0] == name[-1] == "'":
        name = name[1:-1].strip()
    return Address("" if name.lower() == address.lower() else name, address)


def _bare(address: str) -> str:
    """An address without what is put around it. A local part in quotes keeps them: they belong to it."""
    address = line(address, LONGEST_ADDRESS).strip("<>' ")
    if quoted := _QUOTED_LOCAL.match(address):
        return quoted[1] + _SPACE.sub("", address[quoted.end() :])
    address = _SPACE.sub("", address).strip("<>'\"").rstrip(".")
    return address[7:] if address[:7].lower() == "mailto:" else address


def _without_comments(address: str) -> str:
    pieces, depth = [], 0
    for sign in re.split(r"([()])", address) if "(" in address else [address]:
        if sign in {"(", ")"}:
            depth = max(0, depth + (1 if sign == "(" else -1))
        elif not depth:
            pieces.append(sign)
    return "".join(pieces)


class _List:
    """One pass over the tokens of a header."""

    def __init__(self, value: str, reading: Reading) -> None:
        self._value = value
        self._reading = reading
        self._found: list[Address] = []
        self._in_group = False
        self._surname = ""
        self._clear()

    def _clear(self) -> None:
        self._phrase: list[str] = []
        self._comment: list[str] = []
        self._angle = ""
        self._quoted = ""

    def addresses(self) -> list[Address]:
        depth = 0
        for piece in self._tokens():
            if depth or piece == "(":
                depth += {"(": 1, ")": -1}.get(piece, 0)
                if piece not in "()":
                    self._comment.append(piece[-1] if piece[0] == "\\" else piece)
            else:
                self._take(piece)
            if len(self._found) > MOST:
                break
        self._end()
        return self._found

    def _tokens(self) -> list[str]:
        value = _MAILTO.sub(r"<\1>", self._value) if "[" in self._value else self._value
        found = _TOKEN.findall(value)
        last = found[-1] if found else ""
        if last[:1] == '"' and (len(last) < 2 or last[-1] != '"'):  # never closed: an ordinary sign
            self._reading.note("A list of addresses has a quote that is not closed.")
            found[-1:] = _TOKEN_WITHOUT_QUOTES.findall(last.replace('"', " "))
        return found

    def _take(self, piece: str) -> None:
        if piece in ",;":
            self._separate(piece)
        elif piece == ":" and not self._angle and "@" not in "".join(self._phrase):
            self._clear()  # the name of a group
            self._in_group = True
        elif piece[0] == "<" and len(piece) > 1:
            self._take_angle(piece)
        elif piece[0] == '"':
            self._phrase.append(_ESCAPE.sub(r"\1", piece[1:-1]))
            self._quoted = piece
        elif piece not in "<>":
            self._phrase.append(piece)

    def _separate(self, piece: str) -> None:
        if piece == "," and not (self._surname or self._angle or self._quoted or self._comment):
            self._surname = self._may_be_surname()
        if not self._surname or self._phrase:
            self._end()
        self._in_group = self._in_group and piece == ","

    def _take_angle(self, piece: str) -> None:
        if self._angle:
            self._end()
        address, rest = piece.strip("<>"), ""
        if piece[-1] != ">" and "," in address:  # never closed
            address, _, rest = address.partition(",")
        self._angle = _without_comments(address)
        if rest:
            self._end()
            self._phrase.append(rest)

    def _may_be_surname(self) -> str:
        """What stands before a comma, if the rest of the name can follow it: `Rossi, Mario <…>`."""
        phrase = " ".join("".join(self._phrase).split())
        if self._in_group or not _SURNAME.match(phrase):
            return ""
        self._clear()
        return phrase

    def _end(self) -> None:
        """An address is complete."""
        phrase = " ".join("".join(self._phrase).split())
        comment = " ".join("".join(self._comment).split())
        surname, self._surname = self._surname, ""
        if surname and phrase and self._angle.strip():
            phrase = f"{surname}, {phrase}"
        elif surname:
            self._without_at(surname, "")
        if self._angle.strip():
            old_route = self._angle.startswith("@")
            self._add(phrase or comment, self._angle.rpartition(":")[2] if old_route else self._angle)
        elif phrase:
            self._without_angle(phrase, comment)
        self._clear()

    def _without_angle(self, phrase: str, comment: str) -> None:
        found = phrase.split()
        if "@" not in phrase:
            self._without_at(phrase, comment)
        elif len(found) == 1:
            quoted = self._quoted_local(phrase)
            self._add(comment, self._quoted + phrase[phrase.rfind("@") :] if quoted else phrase)
        elif all("@" in word for word in found):
            for word in found:
                self._add("", word)
        else:
            self._add(*self._found_in(phrase))

    def _quoted_local(self, phrase: str) -> bool:
        return bool(self._quoted) and phrase.startswith(self._quoted[1:-1] + "@")

    def _found_in(self, phrase: str) -> tuple[str, str]:
        """`Mario Rossi mario@example.it`, or a local part with spaces in quotes."""
        if self._quoted and phrase.startswith(self._quoted[1:-1] + "@"):
            return "", self._quoted + phrase[len(self._quoted) - 2 :]
        chosen = next(word for word in phrase.split() if "@" in word)
        return phrase.replace(chosen, " "), chosen.strip("[]'")

    def _without_at(self, phrase: str, comment: str) -> None:
        if " " in phrase or comment or not phrase.isascii() or "=?" in phrase:
            self._add(*self._packed(phrase))
        else:
            self._add("", phrase)  # a local user: root, postmaster

    def _packed(self, phrase: str) -> tuple[str, str]:
        """A name and its address, both in the encoded words."""
        text = words.decode(phrase, self._reading) if "=?" in phrase else ""
        found = _PACKED.match(text[:LONGEST_NAME]) if "@" in text else None
        return (found[1].strip(' "'), found[2]) if found else (phrase, "")

    def _add(self, name: str, address: str) -> None:
        found = _address(name, address, self._reading)
        if found.address and "@" not in found.address:
            self._reading.note(f"“{found.address[:80]}” is no mail address: it has no @.")
        if found != NOBODY:
            self._found.append(found)
