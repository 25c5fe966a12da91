"""Whatever comes in, what comes out is safe, bounded and stable."""

import random

from hypothesis import given
from hypothesis import strategies as st

from salotto.channels.email.safe.frame import frame_document, has_own_colours
from salotto.channels.email.safe.html import is_rich, made_safe, safe_html
from tests.channels.email.safe.judge import offences
from tests.channels.email.safe.vectors import VECTORS
from tests.property.profiles import chosen

PIECES = [
    *("<p>", "</p>", "<b>", "</b>", "<i", ">", "</", "<", "<a href=", "'", '"', "`", "=", "/"),
    *("<!--", "-->", "--!>", "<table>", "<tr>", "<td>", "</td>", "</tr>", "</table>", "<caption>"),
    *("<col>", "<tbody>", "<svg>", "</svg>", "<math>", "<style>", "</style>", "<script>"),
    *("</script>", "<title>", "<template>", "<select>", "<![CDATA[", "]]>", "<ul>", "<li>", "</ul>"),
    *("<dl>", "<dt>", "<dd>", "<h1>", "<h2>", "<pre>", "\n", "<font color=red>", "</font>"),
    *("javascript:", "https://a.example/x.png", "cid:a", "data:image/png;base64,AA", "url(", ")"),
    *("style=", "src=", "onerror=alert(1)", "&", "&lt;", "&#x3c;", "&colon;", ";", ":", "{", "}"),
    *("color:red", "\\", "/*", "*/", "@import", "<img ", "<body ", "background=", "bgcolor=#fff"),
    *("dir=rtl", "\x00", "\ud800", "é", "ß", "\u202e", "\r\n", "<?", "<!"),
]  # fmt: skip
soup = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=60).map("".join)


@chosen(600, 1)
@given(soup, st.booleans())
def test_any_soup_becomes_safe_and_stays_so(mail: str, remote: bool) -> None:
    safe = safe_html(mail, remote=remote, inline={"a": "/a/1"})
    assert offences(safe, frozenset({"/a/1"}), remote) == []
    again = safe_html(safe, remote=remote, inline={"a": "/a/1"})
    assert offences(again, frozenset({"/a/1"}), remote) == []
    assert safe_html(again, remote=remote) == again.replace(' src="/a/1"', "")
    assert made_safe(mail).remote >= 0
    assert is_rich(mail) in (True, False)
    assert has_own_colours(safe) in (True, False)
    assert safe in frame_document(safe, language="en")


def mutated(mail: str, chance: random.Random) -> str:
    """Some characters changed, doubled, taken out or put elsewhere."""
    signs = list(mail)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(signs) + 1)
        kind = chance.randrange(4)
        if kind == 0:
            signs.insert(at, chance.choice(PIECES))
        elif kind == 1:
            del signs[at : at + chance.randint(1, 5)]
        elif kind == 2:
            signs[at:at] = signs[max(0, at - chance.randint(1, 20)) : at]
        else:
            signs[at : at + 1] = [chr(chance.randrange(256))]
    return "".join(signs)


def test_mutated_attacks_stay_harmless() -> None:
    chance = random.Random(7)
    names = [name for name in VECTORS if "deep" not in name]
    for _ in range(3_000):
        mail = "".join(mutated(VECTORS[chance.choice(names)], chance) for _ in range(chance.randint(1, 3)))
        remote = chance.random() < 0.5
        safe = made_safe(mail, remote=remote).html
        assert offences(safe, remote=remote) == [], mail
        assert made_safe(safe, remote=remote).html == safe, mail
