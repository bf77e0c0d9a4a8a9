"""The page tells the truth in ten seconds: what burns, how long it lasts, what to do; and it trusts nobody's text."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest

from fournines.alerts import AlertKey, AlertKind, OpenAlerts
from fournines.dashboards import (
    CONTENT_SECURITY_POLICY,
    STATIC,
    Asked,
    Detail,
    History,
    Overview,
    render_missing,
    render_overview,
    render_slo,
)
from fournines.slo import DAY, HOUR, HistoryPoint, Interval, Method, Origin, Slices, Window
from tests.dashboards.conftest import NOW, availability, evaluated, open_alert

HOSTILE = '<script>alert("x")</script>\'"><img src=x onerror=alert(1)>{{ 7 * 7 }}'
VOID = {"meta", "link", "img", "br", "hr", "input"}


class Reader(HTMLParser):
    """Collects tags, attributes and text, and fails on tags that do not match."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        """What a person reads, in one line."""
        return " ".join(" ".join(self.words).split())

    def having(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every such tag."""
        return [attributes for name, attributes in self.tags if name == tag]


def overview(slos: Any, later: float = 0.0, **more: Any) -> str:
    """The page at / over such counts."""
    view = {
        key: more.pop(key) for key in ("since", "alerts", "notices", "asked", "otlp", "beside", "how") if key in more
    }
    return render_overview(Overview(evaluated(slos, **more), NOW + later, **view))


def detail(slo: Any, later: float = 0.0, history: bool = True, **more: Any) -> str:
    """The page of one SLO over such counts."""
    view = {key: more.pop(key) for key in ("since", "alerts", "notices", "beside", "how", "spending") if key in more}
    interval = Interval(int(NOW) - 3 * HOUR, int(NOW))
    past = History([HistoryPoint(interval.start, 9, 10)], interval, 60) if history else None
    return render_slo(Detail(evaluated([slo], **more).status(0), NOW + later, recent=past, whole=past, **view))


def order(page: str) -> list[str]:
    """The SLOs as the page lists them below its head; the first screen's "what else" tells of them once more."""
    below = re.sub(r'<section class="q else".*?</section>', "", page.split("</section>", 1)[1], flags=re.DOTALL)
    return re.findall(r'<a href="/slo/([^"#]+)">', below)


@pytest.fixture
def every_kind() -> str:
    """A page with every kind of SLO on it."""
    names = ["healthy", "burning", "spent", "silent", "unheard", "idle", "risky", "stale"]
    return overview(
        [availability(name, name) for name in names],
        outage={"burning": 20.0},
        past={"spent": (1_000.0, 30 * DAY), "risky": (26.0, 2 * HOUR)},
        silent=frozenset({"silent"}),
        unheard=frozenset({"unheard"}),
        rate={"idle": 0.0},
        age={"stale": 500.0, "silent": 60.0},
        since=dict.fromkeys(names, NOW - 240),
    )


def test_the_worst_is_on_top(every_kind: str) -> None:
    """Silent and burning first, what was never heard below what fails, the healthy last."""
    assert order(every_kind) == ["silent", "burning", "spent", "stale", "risky", "unheard", "idle", "healthy"]


def test_the_head_says_how_many_need_somebody_and_which(every_kind: str) -> None:
    """The first ten seconds."""
    text = Reader(every_kind).text

    assert "3 of 8 SLOs need you now" in text
    assert "burning burning 667x , empty in 59 min 48 s" in text
    assert "BURNING 667x since 03:12:40 UTC (4 min)" in text
    assert "silent stopped reporting" in text


def test_what_a_service_declares_by_itself_is_marked() -> None:
    """Who is woken by a promise made in code knows where to look for it; of one from a file nothing is said."""
    slo = availability("burning", "payments")
    text = Reader(overview([replace(slo, origin=Origin.DECLARED)], outage={"burning": 20.0})).text

    assert "99.99 % over 30d · payments · declared by the service" in text
    assert "declared by" not in Reader(overview([slo], outage={"burning": 20.0})).text


def test_every_state_is_a_word_and_a_shape_not_a_colour_alone(every_kind: str) -> None:
    """Each toned line has its icon and its word beside it."""
    page = Reader(every_kind)
    icons = {attributes["href"] for attributes in page.having("use")}

    for tone in ("burning", "no-data", "exhausted", "stale", "at-risk", "never-heard", "no-traffic", "healthy"):
        if f'class="{tone}"' in every_kind or f"card {tone}" in every_kind:
            assert f"#i-{tone}" in icons
    assert {f"#{symbol['id']}" for symbol in page.having("symbol")} >= icons


@pytest.mark.parametrize("page", [overview, lambda slos, **more: detail(slos[0], **more)])
def test_hostile_names_stay_text(page: Any) -> None:
    """Names, reasons and notices come from others: none of it becomes markup or template."""
    slo = availability(HOSTILE, HOSTILE, runbook="javascript:alert(1)", owner=HOSTILE)
    html = page([slo], outage={HOSTILE: 20.0}, notices=[HOSTILE])
    read = Reader(html)

    assert [each.get("src", "").split("?")[0] for each in read.having("script")] == ["/static/live.js"]
    assert not read.having("img")
    assert "javascript:" not in html
    assert HOSTILE in "".join(read.words)


@pytest.mark.parametrize("page", ["overview", "detail", "missing", "empty"])
def test_pages_keep_to_the_strict_policy(page: str) -> None:
    """No inline style or script, nothing from elsewhere, every asset there."""
    made = {
        "overview": lambda: overview([availability("a")], outage={"a": 20.0}),
        "detail": lambda: detail(availability("a")),
        "missing": lambda: render_missing(HOSTILE, NOW),
        "empty": lambda: overview([]),
    }
    html = made[page]()
    read = Reader(html)

    assert not read.having("style")
    assert not any(name.startswith("on") or name == "style" for _, attributes in read.tags for name in attributes)
    for attributes in (*read.having("link"), *read.having("script")):
        path = attributes.get("href") or attributes.get("src") or ""
        assert path.startswith("/static/")
        assert (STATIC / path.removeprefix("/static/").split("?")[0]).is_file()
    assert "unsafe" not in CONTENT_SECURITY_POLICY


def test_without_scripts_the_page_reloads_itself() -> None:
    """The refreshing script is a comfort; inside <noscript> the browser is told to reload."""
    assert '<noscript><meta http-equiv="refresh"' in overview([availability("a")])


def test_an_old_evaluation_is_said_and_nothing_is_calm() -> None:
    """When the collector stopped evaluating, the page of a healthy bank is not a healthy page."""
    fresh, old = overview([availability("a")]), overview([availability("a")], later=60.0)

    assert 'class="healthy"' in fresh
    assert "last evaluated" not in Reader(fresh).text
    assert "The collector last evaluated 1 min ago." in Reader(old).text
    assert 'class="healthy"' not in old
    assert "NOT CURRENT" in old


def test_notices_are_told_on_top() -> None:
    """A bad SLO file leaves the old ones in force, and whoever looks learns of it."""
    text = Reader(overview([availability("a")], notices=["slos/payments.yaml:3: target: 2 is too much"])).text

    assert text.index("slos/payments.yaml:3") < text.index("Nothing burns 1 healthy")


def test_a_silent_service_s_page_stands_at_each_of_its_slos() -> None:
    """Whichever of them somebody looks at says that somebody was woken, on its own page as on this one."""
    slos, key = (
        [availability("a", "one"), availability("b", "one"), availability("c", "two")],
        AlertKey(AlertKind.NO_DATA, "one"),
    )
    alerts = OpenAlerts({key: open_alert("one", AlertKind.NO_DATA).alert})
    text = Reader(overview(slos, alerts=alerts, silent=frozenset({"a", "b"}))).text

    assert text.count("Page firing since 03:15:40 UTC (1 min)") == 2
    assert "Page firing" in Reader(detail(slos[0], alerts=alerts.of(slos[0]))).text
    assert "Page firing" not in Reader(detail(slos[2], alerts=alerts.of(slos[2]))).text


def test_a_newcomer_learns_the_next_step() -> None:
    """Before anything was heard: the one line, and where to send."""
    text = Reader(overview([], otlp="http://collector:4318")).text

    assert "Nothing heard yet" in text
    assert 'instrument(app, service="payments")' in text
    assert "OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318" in text


def test_the_first_screen_is_bounded_and_leads_to_all() -> None:
    """1,000 burning SLOs: the worst fifty in under 100 KB, the others on pages that repeat and leave out none."""
    slos = [availability(f"service-{n:04d}-availability", f"service-{n:04d}") for n in range(1_000)]
    counts = {
        "outage": {slo.name: 20.0 + n % 7 for n, slo in enumerate(slos)},
        "since": {slo.name: NOW - 60 for slo in slos},
    }
    first = overview(slos, **counts)
    pages = [first, *(overview(slos, asked=Asked(page=page), **counts) for page in range(2, 21))]

    assert all(len(page.encode()) < 100_000 for page in pages)
    assert [50] * 20 == [len(order(page)) for page in pages]
    assert {slo.name for slo in slos} == {name for page in pages for name in order(page)}
    assert 'href="/?page=20"' in first
    assert [] == order(overview(slos, asked=Asked(page=21), **counts))


def test_one_may_ask_for_some_and_in_another_order() -> None:
    """By a part of a name, by state, by service; worst first, by name or by what is left; each address says so."""
    slos = [availability("c", "one"), availability("a", "two"), availability("b", "two")]
    counts = {"outage": {"b": 20.0, "c": 30.0}}

    assert ["c", "b", "a"] == order(overview(slos, **counts))
    assert ["a", "b", "c"] == order(overview(slos, asked=Asked(order="name"), **counts))
    assert ["c", "a", "b"] == order(overview(slos, asked=Asked(order="service"), **counts))
    assert ["c", "b", "a"] == order(overview(slos, asked=Asked(order="budget"), **counts))
    assert ["c", "b"] == order(overview(slos, asked=Asked(state="burning"), **counts))
    assert ["b", "a"] == order(overview(slos, asked=Asked(text="TWO"), **counts))
    assert 'href="/?service=two&amp;state=burning"' in overview(slos, asked=Asked(service="two"), **counts)


def test_a_service_can_be_looked_at_alone() -> None:
    """It has an address of its own; an unknown one is no error."""
    slos = [availability("a", "one"), availability("b", "two")]

    assert order(overview(slos, asked=Asked(service="one"))) == ["a"]
    assert order(overview(slos)) == ["a", "b"]
    assert "No such SLO" in Reader(overview(slos, asked=Asked(service="three"))).text
    assert 'href="/?service=two"' in overview(slos)


def test_the_worst_of_a_service_is_what_it_shows() -> None:
    """A roll-up that hides nothing."""
    slos = [availability("a", "one"), availability("b", "one"), availability("c", "two")]
    nav = overview(slos, outage={"b": 20.0}).split('class="services"')[1]

    assert nav.index("one") < nav.index("two")
    assert "burning" in nav.split("two")[0]


def test_the_detail_page_explains_its_numbers() -> None:
    """How is the budget calculated? The page says it with its own figures."""
    text = Reader(detail(availability("a"), outage={"a": 20.0})).text

    assert "99.99 % of the requests to payments succeed, over any 30d. That allows 4 min 19 s of total outage." in text
    assert "Of 25,920,000 requests seen in 30d, 200 requests failed." in text
    assert "Budget left = 1 \N{MINUS SIGN} 200 / 2,592 = 92.2 %" in text


def test_the_detail_page_says_what_to_do() -> None:
    """The runbook where there is one; what to write where there is none; steps in any case."""
    without = Reader(detail(availability("a"), outage={"a": 20.0})).text
    having = detail(availability("a", runbook="https://runbooks.example.com/a"), outage={"a": 20.0})

    assert "Roll that back first" in without
    assert "annotate the SLO with fournines/runbook" in without
    assert 'href="https://runbooks.example.com/a"' in having
    assert "annotate the SLO" not in having


def test_the_detail_page_draws_its_history_in_words_too() -> None:
    """Every chart carries a sentence for those who can't see it."""
    read = Reader(detail(availability("a")))
    plots = [svg for svg in read.having("svg") if svg.get("role") == "img"]

    assert len(plots) == 4
    assert all(svg["aria-label"] for svg in plots)
    assert "Failed requests per 1 min" in read.text
    assert not [
        svg for svg in Reader(detail(availability("a"), history=False)).having("svg") if svg.get("role") == "img"
    ]


def test_a_budget_of_slices_is_not_drawn_from_events() -> None:
    """A thousand failures that made one slice bad took one slice of the budget: its burn-down is left out."""
    sliced = replace(availability("a"), method=Method.TIMESLICES, slices=Slices(Decimal("0.95"), Window(60)), rules=())

    assert "Error budget over" in detail(availability("a"))
    assert "Error budget over" not in detail(sliced)


def test_the_title_tells_it_to_whoever_has_the_tab_open() -> None:
    """The worst by name, and how many."""
    assert "<title>(1) BURNING a · fournines</title>" in overview([availability("a")], outage={"a": 20.0})
    assert "<title>Nothing burns · fournines</title>" in overview([availability("a")])


def test_the_script_is_small_and_the_style_names_every_tone() -> None:
    """Under 4 KB of script; a colour for each face, by day and by night."""
    css = (STATIC / "page.css").read_text()

    assert (STATIC / "live.js").stat().st_size < 4_000
    assert "prefers-color-scheme: dark" in css
    for tone in ("burning", "exhausted", "no-data", "stale", "at-risk", "healthy", "never-heard", "no-traffic"):
        assert f".{tone}" in css
