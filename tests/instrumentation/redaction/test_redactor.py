"""Redaction in the service: no card number and no secret leaves it, wherever it stands; ids and all else stay as they are."""

from __future__ import annotations

import hashlib
import json
import random
import string
import uuid
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.instrumentation import names
from fournines.instrumentation.errors import BadRule
from fournines.instrumentation.health import Health
from fournines.instrumentation.redaction.redactor import Redactor
from fournines.instrumentation.redaction.rules import Rules

CARD = "4111111111111111"
HERE = Path(__file__).parent
CASES = json.loads((HERE / "redaction_cases.json").read_text())
PLAIN = Redactor()

SCHEMES = {
    "visa": (("4",), (13, 16, 19)),
    "mastercard": (("51", "55", "2221", "2720"), (16,)),
    "amex": (("34", "37"), (15,)),
    "discover": (("6011", "622126", "644", "65"), (16, 17, 18, 19)),
    "diners": (("300", "305", "3095", "36", "38", "39"), (14, 16, 19)),
    "jcb": (("3528", "3589"), (16, 17, 18, 19)),
    "unionpay": (("62", "81"), (16, 17, 18, 19)),
    "maestro": (("50", "56", "57", "58", "6304", "6759", "6767"), (12, 13, 14, 15, 16, 17, 18, 19)),
    "mir": (("2200", "2204"), (16, 17, 18, 19)),
    "rupay": (("60", "65", "81", "82", "508"), (16,)),
    "troy": (("9792",), (16,)),
    "verve": (("506099", "650002"), (16, 18, 19)),
    "uatp": (("1",), (15,)),
}
USUAL = {
    12: (4, 4, 4), 13: (4, 4, 5), 14: (4, 6, 4), 15: (4, 6, 5), 16: (4, 4, 4, 4), 17: (4, 4, 4, 5), 18: (4, 4, 4, 4, 2),
    19: (4, 4, 4, 4, 3),
}  # fmt: skip


def with_check_digit(digits):
    """The digits and Luhn's, by the textbook."""
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits))]
    return digits + str(-sum(value // 10 + value % 10 for value in doubled) % 10)


def grouped(card, separator, sizes=None):
    """A card number as it is printed, with something between its groups."""
    parts, at = [], 0
    for size in sizes or USUAL[len(card)]:
        parts.append(card[at : at + size])
        at += size
    return separator.join(parts)


@st.composite
def cards(draw):
    """Card numbers of every scheme in each of its lengths."""
    prefixes, lengths = draw(st.sampled_from(list(SCHEMES.values())))
    prefix, length = draw(st.sampled_from(prefixes)), draw(st.sampled_from(lengths))
    rest = length - 1 - len(prefix)
    return with_check_digit(prefix + draw(st.text(string.digits, min_size=rest, max_size=rest)))


SEPARATORS = [
    " ", "-", "  ", " - ", "---", '","', "', '", "·", ".", "/", "_", ",", "+", "\t", "\n", "\r\n", ":", "|", "*", "\u00a0", "\u2009",
    "\u202f", "\u2013", "\u2212", "\u200b",
]  # fmt: skip
DISGUISES = [
    lambda card: card,
    lambda card: card.translate({48 + digit: 0xFF10 + digit for digit in range(10)}),
    lambda card: card.translate({48 + digit: 0x0660 + digit for digit in range(10)}),
    lambda card: "".join(f"%3{digit}" for digit in card),
    lambda card: quote(grouped(card, " ")),
    lambda card: quote(quote(grouped(card, " "))),
    lambda card: quote(grouped(card, "\u00a0")),
    " ".join,
    "-".join,
    "\u200b".join,
    *(lambda card, separator=separator: grouped(card, separator) for separator in SEPARATORS),
]
AROUND = [
    "",
    " ",
    "(",
    ")",
    '"',
    "card=",
    "pan: ",
    "paid with ",
    ". ",
    "; ",
    "\n",
    "é",
    "€ ",
    " und ",
    "/",
    "?n=",
    "&x",
    "#",
]


AFTER = [text for text in AROUND if not text.startswith(tuple("abcdef"))]
"""A word stuck to a number may make it an id in hexadecimal digits."""


@given(cards(), st.sampled_from(DISGUISES), st.sampled_from(AROUND), st.sampled_from(AFTER))
@settings(max_examples=400, deadline=None)
def test_no_card_number_survives_in_any_disguise(card, disguise, before, after):
    """Every scheme, every length from 12 to 19, however written and whatever stands around: not four digits of it are left."""
    cleaned = PLAIN.text(f"{before}{disguise(card)}{after}")

    assert "REDACTED" in cleaned
    assert sum(char.isdigit() for char in cleaned) < 4
    assert cleaned == PLAIN.text(cleaned)


@given(cards().filter(lambda card: len(card) > 12 and card[0] != "1"))
@settings(max_examples=200, deadline=None)
def test_a_card_number_is_one_as_a_value_of_any_kind(card):
    """As text, number, bytes, decimal, key, and at any depth of lists and maps, a card number is taken out; nothing is changed in place."""
    values = [
        card,
        int(card),
        card.encode(),
        Decimal(card),
        [card],
        (1, (card,)),
        {"a": [{"b": int(card)}]},
        {card: 1},
        {card},
    ]
    if len(card) < 16:
        values.append(float(card))
    for value in values:
        before = repr(value)
        assert "REDACTED" in str(PLAIN.value(value))
        assert card not in str(PLAIN.value(value))
        assert before == repr(value)


def ids(chance):
    """Ids, digests and times as services say them, at random."""
    data = chance.randbytes(16)
    trace, span, mark = data.hex(), chance.randbytes(8).hex(), chance.randbytes(8).hex()
    seconds = chance.randint(1_700_000_000, 1_999_999_999)
    yield str(uuid.UUID(bytes=data, version=4))
    yield f"id={uuid.UUID(bytes=data, version=4)}, "
    yield trace
    yield f"trace_id={trace} span_id={span}"
    yield json.dumps({"trace_id": trace, "span_id": span})
    yield f"00-{trace}-{span}-01"
    yield f"Root=1-{trace[:8]}-{trace[8:]};Parent={span};Sampled=1"
    yield f"order-{trace}"
    yield f"https://h/traces/{trace}?x={seconds}{chance.randint(0, 999_999_999):09}"
    yield str(seconds * 1_000 + chance.randint(0, 999))
    yield str(seconds * 1_000_000 + chance.randint(0, 999_999))
    yield str(seconds * 1_000_000_000 + chance.randint(0, 999_999_999))
    if not mark.isdigit():
        yield mark
    for digest in (hashlib.md5, hashlib.sha1, hashlib.sha224, hashlib.sha256, hashlib.sha384, hashlib.sha512):
        yield digest(data).hexdigest()


def test_ids_and_times_are_never_taken_for_cards():
    """Of many random UUIDs, trace and span ids, trace contexts, X-Ray ids, digests and times none is touched."""
    chance = random.Random(4)
    for _ in range(2_000):
        for text in ids(chance):
            assert text is PLAIN.text(text), text
        attributes = {"trace_id": chance.randbytes(16).hex(), "span_id": f"{chance.randint(0, 10**16 - 1):016}"}
        attributes["at"] = chance.randint(1_700_000_000_000_000_000, 1_999_999_999_999_999_999)

        assert attributes is PLAIN.attributes(attributes), attributes


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:iam::676770000005:role/x", "https://sqs.eu-west-1.amazonaws.com/676770000005/q",
        "676770000005.dkr.ecr.eu-west-1.amazonaws.com/x",
        "assets-676770000005-eu-west-1", "+676770000005",
    ],
)  # fmt: skip
def test_accounts_and_phones_are_no_cards_of_12_digits(text):
    """Of the shortest card numbers' form are accounts of AWS and phone numbers, too: where they stand so, they stay."""
    assert text == PLAIN.text(text)
    assert "676770000005" == PLAIN.attributes({"cloud.account.id": "676770000005"})["cloud.account.id"]


@pytest.mark.parametrize(("text", "expected"), CASES["both"] + CASES["here"])
def test_what_is_sensitive_goes_and_what_it_belongs_to_stays(text, expected):
    """Each case of the table comes out as the table says; once clean, nothing more changes."""
    assert expected == PLAIN.text(text)
    assert expected == PLAIN.text(expected)


@pytest.mark.parametrize("text", CASES["neither"] + CASES["spared_here"])
def test_what_is_neither_card_nor_secret_stays(text):
    """Times, ids, addresses, versions and sentences about tokens come back as the very same object."""
    assert text is PLAIN.text(text)


@pytest.mark.parametrize(("key", "secret"), CASES["keys"])
def test_the_value_of_a_secret_s_key_goes_whatever_it_looks_like(key, secret):
    """Text, bytes, numbers, lists and maps under such a key are taken out; truth values and nothing are no secrets."""
    gone = "REDACTED" if secret else None
    for value in ("x", b"x", {"a": "b"}, *(() if key.lower().endswith("token") else (12, 1.5))):
        assert (gone or value) == PLAIN.attributes({key: value})[key]
        assert [gone or value] == PLAIN.value({"deep": [{key: [value]}]})["deep"][0][key]
    for value in (True, None, []):
        assert value is PLAIN.attributes({key: value})[key]


def test_numbers_under_token_count_tokens():
    """`max_token: 512` is a number of tokens; a text under the same key is one."""
    assert {"max_token": 512, "token": "REDACTED"} == PLAIN.attributes({"max_token": 512, "token": "x"})


def test_clean_attributes_come_back_as_they_are():
    """Where there is nothing to take out, the very same mapping comes back; else a new one, in the same order."""
    clean = {"a": 1, "b": ("x", "y"), "c": {"d": [1.5, None, True]}, "e": b"x"}
    mixed = {"a": 1, "card": CARD, CARD: 2, "z": ("x",)}

    assert clean is PLAIN.attributes(clean)
    assert [("a", 1), ("card", "REDACTED"), ("REDACTED", 2), ("z", ("x",))] == list(PLAIN.attributes(mixed).items())
    assert mixed["z"] is PLAIN.attributes(mixed)["z"]


def test_a_code_beside_a_card_goes_with_it():
    """In a list that held a card number, numbers of three and four digits are verification codes."""
    assert ("REDACTED", 12, "REDACTED", "x") == PLAIN.value((CARD, 12, 123, "x"))


def test_what_has_no_end_is_cut_off():
    """A list that holds itself, or lists within lists without end, are taken out at their depth, and counted."""
    health = Health()
    endless = ["x"]
    endless.append(endless)
    deep = "x"
    for _ in range(100):
        deep = {"d": deep}

    assert ["x", "REDACTED"] == Redactor(health=health).value(endless)
    assert "REDACTED" in str(Redactor(health=health).value(deep))
    assert {"too_deep": 2} == health.counts(names.PROM_REDACTED)


def test_objects_are_judged_by_their_text():
    """An object of the application stays where its text is clean, else its clean text is said; one that has none is left alone."""

    class Mute:
        def __str__(self):
            raise ValueError

    clean, dirty, mute = SimpleNamespace(a=1), SimpleNamespace(pan=CARD), Mute()

    assert clean is PLAIN.value(clean)
    assert "namespace(pan='REDACTED')" == PLAIN.value(dirty)
    assert mute is PLAIN.value(mute)
    assert range(10**12) == PLAIN.value(range(10**12))


def test_what_is_taken_out_is_counted_by_kind():
    """Each thing taken out counts once under its kind, cleaned again it counts no more; and the counts show nothing of it."""
    health = Health()
    redactor = Redactor(health=health)
    text = f"{CARD} 123 and {CARD}, password=x, bearer abc123def, https://u:p@h, sig=1&sig=2"
    redactor.text(redactor.text(text))
    redactor.attributes({"api_key": "x", "n": int(CARD), "cvv": 1})

    assert {"card": 3, "cvv": 2, "secret": 2, "credential": 1, "url_user": 1, "query": 1} == health.counts(
        names.PROM_REDACTED
    )


def test_own_rules_are_added_to_ours():
    """Own keys, in attributes and in texts, and own patterns are taken out besides; what is allowed stays, whatever it is."""
    health = Health()
    rules = Rules(keys=("iban", "Tax_Id"), patterns=(r"DE\d{20}",), allowed=frozenset({"order.number"}))
    redactor = Redactor(rules, health)
    said = redactor.attributes(
        {
            "customer.iban": "x",
            "tax_id": 5,
            "note": "to DE89370400440532013000",
            "order.number": CARD,
            "n": "IBAN: 7 8",
            "pan": CARD,
        }
    )

    assert {
        "customer.iban": "REDACTED",
        "tax_id": "REDACTED",
        "note": "to REDACTED",
        "order.number": CARD,
        "n": "IBAN: REDACTED 8",
        "pan": "REDACTED",
    } == said
    assert 1 == health.count(names.PROM_REDACTED, "own")
    assert "iban" == PLAIN.text("iban")


@pytest.mark.parametrize("rules", [{"patterns": ("(",)}, {"patterns": ("x*",)}, {"keys": ("",)}])
def test_a_rule_that_cannot_be_followed_is_refused(rules):
    """A pattern that is none, or is found everywhere, and an empty key are errors at once."""
    with pytest.raises(BadRule):
        Rules(**rules)


def test_a_pattern_found_in_nothing_takes_nothing_out():
    """Where an own pattern matches nothing at all, nothing is put in its place."""
    assert "a b" == Redactor(Rules(patterns=(r"\b",))).text("a b")


HOSTILE = [
    "4 ", "4", "4 - ", "41-", "4111/", "4.", "eyJ", "eyJaaaaa.", "://", "://u:", "://@", "bearer ", "bearer abc1234 ", "password=",
    "passwd",
    "passwdé=ü ", "a.", "\\", "cookie:", "cookie=a\n", "-----BEGIN ", "-----BEGIN PRIVATE KEY-----END ", "AKIA", '\\"password\\":\\"a\\",',
    "k=v&sig=", "٤", "a-4111111-", "%34", "%25", "%", "pin=", "security code ", "1-1-", "4111111111111112 ",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_texts_take_no_hostile_time(piece):
    """Texts made to be hard to match are worked through in steps that grow as the text does, not as its square."""
    text = piece * (60_000 // len(piece))

    assert PLAIN.text(f"{text} {CARD}").endswith("REDACTED")
