"""What redaction takes out, said once more with regular expressions and the protobuf library: slow, and easy to read."""

from __future__ import annotations

import re

from google.protobuf.descriptor import FieldDescriptor
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

REDACTED = "REDACTED"
RUNS = re.compile(r"[0-9](?:[0-9]|[ -]{1,3}(?=[0-9])){12,}")
ID = re.compile(
    r"(?=.*[a-fA-F])(?:[0-9a-fA-F]{16}|[0-9a-fA-F]{24}|[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}"
    r"|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"
)
ENDS = (
    r"passphrase|passcode|pwd|secrets?|token|api[_.\-]?key|(?:access|secret|private)[_.\-]?key(?:[_.\-]?id)?|credentials?"
    r"|authorization|cookies?|cvv2?|cvc2?"
)
KEY = re.compile(rf"passw(?:or)?d|(?:{ENDS})$", re.IGNORECASE)
NUMBERS = re.compile(r"(?:token|signature)$", re.IGNORECASE)
LOOKS = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|\Z)"
    r"|(?<![\w\-])eyJ[\w\-]{5,}\.[\w\-]{5,}(?:\.[\w\-]*)*"
    r"|(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])",
    re.DOTALL,
)
USERS = re.compile(r"://[^/?#\s@:]*+(:)?[^/?#\s]*@")
VALUE = r"(?:(?<=[\"'])[^\"'\\]*|[^\s&;,\"'})\]\\]+)"
SIGN = r"\\?[\"']?\s{0,3}[=:]\s{0,3}"
QUERIES = r"x-amz-(?:signature|credential|security-token)|awsaccesskeyid|x-goog-signature|signature|sig"
REPLACED = [
    (rf"((?:authorization|cookie){SIGN})(\\?[\"']?)[^\r\n\"'\\]+", rf"\1\2{REDACTED}"),
    (rf"((?:passw(?:or)?d[\w.\-]{{0,20}}|{ENDS}){SIGN})(\\?[\"']?){VALUE}", rf"\1\2{REDACTED}"),
    (rf"((?:^|[?&;])(?:{QUERIES})=)[^&#\s]*", rf"\1{REDACTED}"),
    (r"(?<![A-Za-z0-9])(bearer|basic)\s+(?=[^\s,;]{20}|[^\s,;]*[0-9._=+/])[^\s,;\"']{6,}", rf"\1 {REDACTED}"),
]


def is_card(digits):
    """Whether digits are a card number, by the textbook."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    total = sum(value // 10 + value % 10 for value in doubled)
    return 13 <= len(digits) <= 19 and digits[0] > "1" and total % 10 == 0


def without_sensitive(text):
    """The text without card numbers and secrets."""
    text = LOOKS.sub(REDACTED, RUNS.sub(without_cards, text))
    text = USERS.sub(lambda found: f"://{REDACTED}{f':{REDACTED}' if found[1] else ''}@", text)
    for pattern, instead in REPLACED:
        text = re.sub(pattern, instead, text, flags=re.IGNORECASE)
    return text


def without_cards(run):
    """A run of digits, spaces and dashes without card numbers."""
    text, offset, parts, kept, first = run[0], run.start(), [], 0, 0
    groups = [found.span() for found in re.finditer(r"[0-9]+", text)]
    while first < len(groups):
        lasts = [last for last in range(first, min(len(groups), first + 19)) if card_in(run, groups[first : last + 1])]
        if not lasts:
            first += 1
            continue
        start, end = groups[first][0], groups[lasts[-1]][1]
        if not is_part_of_id(run.string, offset + start, offset + end):
            parts += [text[kept:start], REDACTED]
            kept = end
        first = lasts[-1] + 1
    return "".join([*parts, text[kept:]])


def card_in(run, groups):
    """Whether some groups of digits are a card number together, and not behind a decimal point."""
    start = run.start() + groups[0][0]
    digits = "".join(run[0][begin:end] for begin, end in groups)
    return not re.search(r"[0-9]\.\Z", run.string[max(0, start - 2) : start]) and is_card(digits)


def is_part_of_id(text, low, high):
    """Whether what stands in a text is part of a UUID or a hexadecimal id."""
    if " " in text[low:high]:
        return False
    end = high
    while low > 0 and re.match(r"[0-9a-fA-F\-]", text[low - 1]) and end - low <= 64:
        low -= 1
    while high < len(text) and re.match(r"[0-9a-fA-F\-]", text[high]) and high - low <= 64:
        high += 1
    return ID.fullmatch(text, low, high) is not None


def clean_message(message):
    """Takes card numbers and secrets out of a message, in place."""
    for field, value in list(message.ListFields()):
        parts = value if field.is_repeated else [value]
        if field.type == FieldDescriptor.TYPE_STRING and field.is_repeated:
            value[:] = map(without_sensitive, value)
        elif field.type == FieldDescriptor.TYPE_STRING:
            setattr(message, field.name, without_sensitive(value))
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            for part in parts:
                {KeyValue: clean_pair, AnyValue: clean_value}.get(type(part), clean_message)(part)
    return message


def clean_pair(pair):
    """A key tells what its value is."""
    if KEY.search(pair.key):
        blank(pair.value, NUMBERS.search(pair.key))
    else:
        clean_value(pair.value)
    pair.key = without_sensitive(pair.key)


def blank(value, numbers):
    """Takes a whole value out, but truth values, and numbers where they are meant."""
    kind = value.WhichOneof("value")
    if kind == "array_value":
        for each in value.array_value.values:
            blank(each, numbers)
    elif kind in ("int_value", "double_value") and numbers:
        clean_value(value)
    elif kind not in (None, "bool_value"):
        value.string_value = REDACTED


def clean_value(value):
    """Cleans a value of any kind."""
    kind = value.WhichOneof("value")
    if kind == "bytes_value":
        value.bytes_value = without_sensitive(value.bytes_value.decode("latin-1")).encode("latin-1")
    elif kind in ("int_value", "double_value"):
        number = getattr(value, kind)
        if 0 <= number < 1e19 and number == int(number) and is_card(str(int(number))):
            value.string_value = REDACTED
    elif kind is not None:
        clean_message(value)
