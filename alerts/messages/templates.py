"""The texts of messages, as Jinja2 templates: those that come with us, or the user's in their place.

`summary.txt.j2` and `description.txt.j2` are filled with `Wording` when the message is written down; the others, each for what a receiver
reads, with the notification when it is sent. Values are never templates, whatever stands in them.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
    nodes,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ...slo import timestamp
from ..errors import InvalidTemplates
from ..names import ANNOTATION_DESCRIPTION, ANNOTATION_EXPLANATION, ANNOTATION_SUMMARY
from ..notification import Action, Notification
from .plain import DESCRIPTION_MOST, FACT_MOST, SUMMARY_MOST, clipped, clipped_bytes, flowing, plain, sentence
from .wording import Wording

SLACK_MOST: Final = 2_900
"""Characters of a text block in Slack, of the 3,000 it takes."""

_SHORTER: Final = (300, 150, 75, 40, 20)
"""Characters of each fact in a message that would be too long otherwise."""

SUMMARY: Final = "summary.txt.j2"
DESCRIPTION: Final = "description.txt.j2"
SLACK: Final = "slack.mrkdwn.j2"
EMAIL_TEXT: Final = "email.txt.j2"
EMAIL_HTML: Final = "email.html.j2"

_NAMED: Final = {name: frozenset(field.name for field in fields(Wording)) for name in (SUMMARY, DESCRIPTION)}
_SENT: Final = frozenset(
    {"action", "description", "details", "explanation", "labels", "links", "since", "summary", "until", "url"}
)
VARIABLES: Final[Mapping[str, frozenset[str]]] = {**_NAMED, **dict.fromkeys((SLACK, EMAIL_TEXT, EMAIL_HTML), _SENT)}
"""What each template may say, by its file's name."""

_MARKS: Final = {Action.UPDATE: "Update: ", Action.ACKNOWLEDGE: "Acknowledged: "}
_WEB: Final = ("http://", "https://")
_MOST_LINES: Final = 40
"""Lines of an explanation."""

_OURS: Final = Path(__file__).resolve().parent / "templates"
_FAULTS: Final = (
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    OSError,
)
"""What a template can end with: whatever is computed in it."""

_log = logging.getLogger("fournines")


class Templates:
    """Fills templates. One of the user's that fails on what nobody foresaw is told in the log, and ours is taken: a page goes out."""

    def __init__(self, folder: Path | None = None) -> None:
        """Those in `folder` in place of ours of the same names. Raises `InvalidTemplates`, which names file and line."""
        self._environments = {name: _environment(name, folder) for name in VARIABLES}
        self._folder = folder
        if folder is not None:
            _check(folder, self._environments)

    def summary(self, wording: Wording) -> str:
        """One line, of 256 characters at most."""
        return clipped(flowing(self._filled(SUMMARY, _of_wording(wording))), SUMMARY_MOST)

    def description(self, wording: Wording) -> str:
        """One paragraph, of 4 KB at most."""
        return clipped_bytes(flowing(self._filled(DESCRIPTION, _of_wording(wording))), DESCRIPTION_MOST)

    def slack(self, message: Notification) -> str:
        """A text in Slack's mark-up, in which values mark nothing up; 2,900 characters at most, and no link is cut in two for that."""
        texts = (self._filled(SLACK, _of_message(message, most)).strip() for most in (FACT_MOST, *_SHORTER))
        return next((text for text in texts if len(text) <= SLACK_MOST), _slack_escaped(message.url)[:SLACK_MOST])

    def email_text(self, message: Notification) -> str:
        """The plain part of an e-mail."""
        return self._filled(EMAIL_TEXT, _of_message(message)).strip() + "\n"

    def email_html(self, message: Notification) -> str:
        """The HTML part of an e-mail."""
        return self._filled(EMAIL_HTML, _of_message(message)).strip() + "\n"

    def _filled(self, name: str, values: Mapping[str, Any]) -> str:
        try:
            return self._environments[name].get_template(name).render(values)
        except _FAULTS as error:
            if self._folder is None:
                raise
            _log.error("the template %s failed, and ours was taken: %s", self._folder / name, error)
            return _environment(name, None).get_template(name).render(values)


@cache
def packaged() -> Templates:
    """Those that come with us."""
    return Templates()


def _environment(name: str, folder: Path | None) -> Environment:
    loaders = [FileSystemLoader(each) for each in (folder, _OURS) if each is not None]
    made = ImmutableSandboxedEnvironment(
        loader=ChoiceLoader(loaders),
        autoescape=name.endswith(".html.j2"),
        finalize=_slack_escaped if name == SLACK else None,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {"sentence": sentence, "address": _address}
    return made


def _of_wording(wording: Wording) -> dict[str, Any]:
    return {field.name: getattr(wording, field.name) for field in fields(Wording)}


def _of_message(message: Notification, most: int = FACT_MOST) -> dict[str, Any]:
    """What a notification says, each text made harmless again: it may have been written by an older version."""
    texts, ended = message.annotations, message.ends_at
    explanation = texts.get(ANNOTATION_EXPLANATION, "").splitlines()[:_MOST_LINES]
    return {
        "action": message.action.value,
        "description": plain(texts.get(ANNOTATION_DESCRIPTION, ""), 4 * most),
        "details": {plain(name, most): plain(text, most) for name, text in message.details.items()},
        "explanation": "\n".join(plain(line) for line in explanation),
        "labels": {plain(name, most): plain(value, most) for name, value in sorted(message.labels.items())},
        "links": [(plain(link.text, most), link.href) for link in message.links if link.href.startswith(_WEB)],
        "since": timestamp(message.starts_at),
        "summary": _MARKS.get(message.action, "") + plain(texts.get(ANNOTATION_SUMMARY, ""), SUMMARY_MOST),
        "until": "" if ended is None else timestamp(ended),
        "url": message.url,
    }


def _slack_escaped(value: Any) -> Any:
    """What would be mark-up, a mention of everybody among it, made text: Slack knows these three escapes and no others."""
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") if isinstance(value, str) else value


def _address(href: str) -> str:
    """A URL inside Slack's brackets: a bar would end it."""
    return href.replace("|", "%7C")


def _check(folder: Path, environments: Mapping[str, Environment]) -> None:
    """Reads every template of a folder. Raises `InvalidTemplates` for the first that can't be used."""
    if not folder.is_dir():
        raise InvalidTemplates(f"{folder}: there is no such folder of templates")
    for path in sorted(folder.glob("*.j2")):
        if path.name.startswith("_"):  # parts that templates include
            continue
        if path.name not in VARIABLES:
            raise InvalidTemplates(f"{path}: no message has this template; there are {', '.join(sorted(VARIABLES))}")
        _check_one(path, environments[path.name])


def _check_one(path: Path, environment: Environment) -> None:
    known = VARIABLES[path.name] | environment.globals.keys()
    try:
        parsed = environment.parse(path.read_text(encoding="utf-8"), path.name, str(path))
        environment.get_template(path.name)
    except TemplateSyntaxError as error:
        raise InvalidTemplates(f"{error.filename or path}:{error.lineno}: {error.message}") from error
    except _FAULTS as error:
        raise InvalidTemplates(f"{path}: {error}") from error
    own = {each.name for each in parsed.find_all(nodes.Name) if each.ctx != "load"}
    for each in parsed.find_all(nodes.Name):
        if each.ctx == "load" and each.name not in known | own:
            there = ", ".join(sorted(VARIABLES[path.name]))
            raise InvalidTemplates(f"{path}:{each.lineno}: nothing is called {each.name!r} here; there are {there}")
