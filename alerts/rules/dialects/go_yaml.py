"""YAML as go-yaml version 2 writes it, which Sloth and Pyrra write their files with: texts, lists and mappings."""

from __future__ import annotations

import re
from typing import Any, Final

import yaml

_WORDS: Final = frozenset(
    spelt
    for word in ("y", "n", "yes", "no", "on", "off", "true", "false", "null", ".inf", "+.inf", "-.inf")
    for spelt in (word, word.capitalize(), word.upper())
) | {"", "~", ".nan", ".NaN", ".NAN", ".Inf", "+.Inf", "-.Inf"}
_NUMBER: Final = re.compile(
    r"[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)"
)
_SIXTIETHS: Final = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
    r"(?:[Tt ][0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(?:\.[0-9]+)?(?:Z|[-+][0-9]{2}:[0-9]{2})?)?"
)
_ESCAPED: Final = re.compile("[\x85\U00010000-\U0010ffff]")
"""What is printed as it is elsewhere."""

_OPEN_END: Final = "\n...\n"


def yaml_text(document: Any) -> str:
    """A document of nothing but texts, folded at 80 columns, several lines as blocks; what would be no text is in double quotes."""
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=80, allow_unicode=True)
    return text.removesuffix(_OPEN_END[1:]) if text.endswith(_OPEN_END) else text


class _Dumper(yaml.SafeDumper):
    """Without anchors, which make two equal label sets look like one; and whatever is said is a text."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 # PyYAML reads it from the class

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def write_double_quoted(self, text: str, split: bool = True) -> None:  # noqa: FBT001, FBT002 # as PyYAML has it
        """Folded at a space, which the end of the line stands for; PyYAML would say it by backslashes."""
        self.write_indicator('"', need_whitespace=True)
        last, after_space = len(text) - 1, False
        for at, each in enumerate(text):
            is_space = each == " "
            if split and is_space and not after_space and self.column > self.best_width and 0 < at < last:
                self.write_indent()
                self._put("\\" if text[at + 1] == " " else "")
            else:
                self._put(_shown(each))
            after_space = is_space
        self.write_indicator('"', need_whitespace=False)

    def _put(self, text: str) -> None:
        self.column += len(text)
        self.stream.write(text)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if _is_read_otherwise(text) or _ESCAPED.search(text) else "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _shown(character: str) -> str:
    code = ord(character)
    if name := yaml.SafeDumper.ESCAPE_REPLACEMENTS.get(character):
        return character if character == "\u00a0" else f"\\{name}"
    if 0x20 <= code < 0x7F or (0xA0 <= code <= 0xFFFD and character != "\ufeff"):
        return character
    return f"\\x{code:02X}" if code <= 0xFF else f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def _is_read_otherwise(text: str) -> bool:
    """Whether go-yaml would read it as no text, but a truth value, a number or a time."""
    return (
        text in _WORDS
        or any(pattern.fullmatch(text) for pattern in (_SIXTIETHS, _TIME))
        or (text[0] != "_" and _NUMBER.fullmatch(text.replace("_", "")) is not None)
    )


_Dumper.add_representer(str, _text)
