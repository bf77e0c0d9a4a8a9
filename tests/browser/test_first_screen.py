"""In a real browser: seven answers without scrolling, an outage watched to its end, and nothing that keeps anybody out."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from fournines.slo import State
from tests.browser.conftest import SIZES, TRACE
from tests.dashboards.conftest import NOW

PAGES = (
    "/",
    "/slo/payments-availability",
    f"/traces/{TRACE}",
    "/traces",
    "/deployments",
    "/alerts",
    "/silences",
    "/map",
)


@pytest.fixture
def page(browser, request):
    """A page of the size and at the time of day that the test asks for; nothing on it may fail, or come from elsewhere."""
    width, height = SIZES[getattr(request, "param", "desk")]
    context = browser.new_context(viewport={"width": width, "height": height}, timezone_id="Asia/Tokyo")
    opened = context.new_page()
    faults = []
    opened.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: faults.append(str(error)))
    yield opened
    context.close()
    assert [
        fault for fault in faults if "net::ERR_FAILED" not in fault
    ] == []  # what a test itself keeps from being fetched


@pytest.mark.parametrize("page", SIZES, indirect=True)
@pytest.mark.parametrize("path", ["/", "/slo/payments-availability"])
def test_seven_questions_are_answered_in_order_without_scrolling(page, path, site, burning):
    """Whoever was woken reads all seven from top to bottom, on a phone and at a desk, and nothing runs over the edge."""
    page.goto(site + path)
    boxes = [each.bounding_box() for each in page.locator("#first [data-question]").all()]
    asked = [each.get_attribute("data-question") for each in page.locator("#first [data-question]").all()]
    size = page.viewport_size

    assert asked == ["1", "2", "3", "4", "5", "6", "7"]
    assert max(box["y"] + box["height"] for box in boxes) <= size["height"]
    assert [box["y"] for box in boxes] == sorted(box["y"] for box in boxes)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_an_outage_is_watched_from_healthy_to_resolved(page, site, bank):
    """The page that is open all the time says what happens, with no other means than what it fetches itself."""
    bank.now, bank.outage, bank.began, bank.alerts_open = NOW - 600, {}, {}, {}
    page.goto(site + "/")
    page.wait_for_selector("text=Nothing burns")

    bank.now, bank.outage = NOW, {"payments-availability": 20.0}
    bank.began[("payments-availability", State.BURNING)] = NOW - 15
    bank.alerts_open = {"payments-availability": NOW - 10}
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_selector("#first .badge >> text=BURNING")
    assert "1 of 5 SLOs needs you now" in page.inner_text("h1")
    assert page.title().startswith("(1) BURNING payments-availability")
    assert "Page firing" in page.inner_text("#first")

    bank.now, bank.outage = NOW + 3_700, {}
    bank.past = {"payments-availability": (20.0, 86_400)}
    bank.began, bank.alerts_open = {}, {}
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_selector("h1 >> text=Nothing burns")
    assert "Page firing" not in page.inner_text("body")
    bank.past = {}


def test_what_changed_is_seen_at_once(page, site, bank, pulse):
    """The collector says that something did, and whoever looks sees it long before the next reload."""
    bank.now, bank.outage = NOW, {}
    with page.expect_response("**/live"):
        page.goto(site + "/")
    page.wait_for_selector("text=Nothing burns")
    bank.outage = {"users-availability": 20.0}
    while not pulse.waiting:
        page.wait_for_timeout(20)
    pulse.beat()
    page.wait_for_selector("#first >> text=users-availability", timeout=5_000)
    bank.outage = {}


HIDDEN = """hidden => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_a_tab_more_than_a_browser_has_connections_still_opens(page, site, bank, pulse):
    """Those that nobody sees hold none; the one that is looked at again hears again."""
    bank.now, bank.outage = NOW, {}
    tabs = [page, *(page.context.new_page() for _ in range(7))]
    for tab in tabs:
        tab.goto(site + "/", timeout=5_000)
        tab.evaluate(HIDDEN, True)
    tabs[0].evaluate(HIDDEN, False)
    tabs[0].wait_for_selector("text=Nothing burns")
    while not pulse.waiting:
        page.wait_for_timeout(20)
    bank.outage = {"users-availability": 20.0}
    while not tabs[0].locator("#first >> text=users-availability").count():
        pulse.beat()
        page.wait_for_timeout(50)
    bank.outage = {}


def test_a_field_that_is_left_alone_keeps_nothing_old_on_the_screen(page, site, bank):
    """While somebody types the page stays as it is, but never after its collector died, and not for good."""
    bank.now, bank.outage = NOW, {}
    page.clock.install()
    page.goto(site + "/")
    page.fill("input[name=q]", "pay")
    bank.outage = {"users-availability": 20.0}
    with page.expect_response(site + "/"):
        page.clock.run_for(10_500)
    assert (0, "pay") == (page.locator("#first").count(), page.input_value("input[name=q]"))
    page.clock.run_for(60_000)
    page.wait_for_selector("#first >> text=users-availability")
    page.focus("input[name=q]")
    page.route("**/*", lambda route: route.abort())
    page.clock.run_for(10_500)
    page.wait_for_selector("#lost")
    bank.outage = {}


def test_what_was_closed_by_hand_stays_closed(page, site, bank, burning):
    """A page that says it anew does not undo what whoever reads it did."""
    page.goto(site + "/slo/gateway-availability")
    first = page.locator("#do details")
    assert first.evaluate("each => each.open")
    page.click("#do summary")
    with page.expect_response("**/slo/*"):
        page.evaluate(
            "document.querySelector('main').dataset.old = 1; document.dispatchEvent(new Event('visibilitychange'))"
        )
    page.wait_for_selector("main:not([data-old])")
    assert not page.locator("#do details").evaluate("each => each.open")


def test_a_dead_collector_leaves_nothing_calm(page, site, bank):
    """What can't be fetched any more is grey, says so, and is not read as the present."""
    page.goto(site + "/")
    page.route("**/*", lambda route: route.abort())
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_selector("#lost")

    assert "NOT CURRENT" in page.title()
    assert "do not trust it" in page.inner_text("#lost")


@pytest.mark.parametrize("path", PAGES)
def test_nothing_serious_keeps_anybody_out(page, path, site, burning):
    """What a screen reader, a keyboard and weak eyes need is there by day and by night, on every page."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto(site + path)
        found = Axe().run(page).response["violations"]
        assert [] == [
            (each["id"], [node["html"][:120] for node in each["nodes"]][:3])
            for each in found
            if each["impact"] in ("serious", "critical")
        ]


def test_the_keyboard_reaches_the_runbook_without_the_navigation(page, site, burning):
    """The first tab leads past what every page has; from there on everything that acts has the focus once, in order."""
    page.goto(site + "/slo/payments-availability")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    reached = []
    for _ in range(20):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent.trim()"))

    assert "Runbook" in reached
    assert reached.index("Runbook") < reached.index("Acknowledge") < reached.index("gateway-availability")


def test_times_are_told_in_the_viewer_s_zone_too(page, site, burning):
    """In Tokyo 03:16 UTC is 12:16; both are said, and UTC stands first."""
    page.goto(site + "/")

    assert "03:16:40 UTC" in page.inner_text(".now")
    assert "12:16" in page.inner_text(".now")
