"""The pulse beats when what pages show has changed, and at no other time."""

from __future__ import annotations

import asyncio
import threading

from fournines.alerts import AlertKind, OpenAlerts
from fournines.serving import Pulse
from fournines.serving.routes import LiveRoutes
from tests.dashboards.conftest import NOW, availability, evaluated, open_alert

SLOS = [availability("a"), availability("b")]
CALM, BURNS = evaluated(SLOS), evaluated(SLOS, outage={"a": 20.0})
NOBODY = OpenAlerts({})


def paged():
    """One page is open."""
    alert = open_alert("a", AlertKind.PAGE).alert
    return OpenAlerts({alert.key: alert})


async def heard(pulse, *judgements):
    """How many of the judgements, each made in a thread of its own while somebody waits, were heard."""
    found = 0
    for judgement in judgements:
        waiting = asyncio.create_task(pulse.wait(0.05))
        await asyncio.sleep(0)
        thread = threading.Thread(target=pulse.judged, args=judgement)
        thread.start()
        thread.join()
        found += await waiting
    return found


def test_it_beats_when_a_state_or_an_alert_changes():
    """Not with each evaluation: the same as before is no news, and the first is none either."""
    pulse = Pulse()
    later = evaluated(SLOS, NOW + 5)

    assert 0 == asyncio.run(heard(pulse, (CALM, NOBODY), (CALM, NOBODY), (later, NOBODY)))
    assert 3 == asyncio.run(heard(pulse, (BURNS, NOBODY), (BURNS, NOBODY), (BURNS, paged()), (CALM, NOBODY)))


def test_who_listens_is_let_go_at_the_end():
    """An open page holds no collector up that ends."""

    async def listened():
        pulse = Pulse()
        answer = await LiveRoutes(pulse).live()
        said = []

        async def listen():
            async for each in answer.body_iterator:
                said.append(each)  # noqa: PERF401 - told as it comes

        listening = asyncio.create_task(listen())
        await asyncio.sleep(0.01)
        pulse.judged(CALM, NOBODY)
        pulse.judged(BURNS, NOBODY)
        await asyncio.sleep(0.01)
        pulse.end()
        await asyncio.wait_for(listening, 5)
        return said, await LiveRoutes(pulse).live()

    said, after = asyncio.run(listened())

    assert said[:2] == ["retry: 5000\n\n", "event: changed\ndata: {}\n\n"]
    assert 503 == after.status_code
