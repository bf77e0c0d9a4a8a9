"""Everybody else: the hundred and more services that Apprise knows, each by an address of its own.

https://github.com/caronc/apprise/wiki: it says whether a message was taken, not why not, nor whether to try again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from ..errors import InvalidReceiver
from ..notification import Action, Notification
from ..notifier import DELIVERED, NOT_SHOWN, Attempt, Outcome
from .aside import Aside
from .content import headline, pages, plain


class AppriseNotifier:
    """Sends by one address, a secret that is never shown. `InvalidReceiver` where Apprise is not installed or knows no such address."""

    def __init__(self, url: str, *, name: str = "apprise") -> None:
        try:
            import apprise
        except ImportError as error:
            raise InvalidReceiver(f"receiver {name} needs Apprise; install fournines[apprise]") from error
        self._name = name
        self._aside = Aside()
        logging.getLogger("apprise").addFilter(_hides(url))
        self._apprise: Any = apprise.Apprise()
        if not self._apprise.add(url):
            raise InvalidReceiver(f"the address of receiver {name} is none that Apprise knows")

    def __repr__(self) -> str:
        return f"AppriseNotifier({self._name!r})"

    async def close(self) -> None:
        """Each message has a connection of its own."""

    async def send(self, notification: Notification, now: float, reference: str | None = None) -> Attempt:
        """Sends once. Whatever went wrong is tried again: Apprise says no more."""
        del now, reference
        if notification.action is Action.UPDATE:
            return NOT_SHOWN
        return await self._aside.attempt(lambda: self._notify(notification))

    def _notify(self, notification: Notification) -> Attempt:
        taken = self._apprise.notify(
            title=headline(notification), body=plain(notification), notify_type=_mood(notification), body_format="text"
        )
        return DELIVERED if taken else Attempt(Outcome.RETRY, "Apprise could not send it; its log says more")


def _hides(url: str) -> Callable[[logging.LogRecord], bool]:
    """Keeps from the log what holds the address, and the details in which its parts are shown."""
    return lambda record: record.levelno > logging.DEBUG and url not in record.getMessage()


def _mood(notification: Notification) -> str:
    if notification.action is Action.RESOLVE:
        return "success"
    if notification.action is Action.ACKNOWLEDGE:
        return "info"
    return "failure" if pages(notification) else "warning"
