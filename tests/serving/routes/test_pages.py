"""The pages an on-call engineer opens."""

import pytest

from fournines.slo import MINUTE, State


@pytest.mark.parametrize(
    ("path", "status"),
    [("/", 200), ("/?q=a&service=shop&order=name&page=2", 200), ("/slo/calm", 200), ("/slo/nobody", 404)],
)
def test_every_page_forbids_what_is_not_its_own(ask, path, status):
    """Nothing from elsewhere is loaded, guessed or kept, whichever page it is."""
    answer = ask(path)

    assert status == answer.status_code
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert ["nosniff", "no-referrer", "no-store"] == [
        answer.headers[name] for name in ("x-content-type-options", "referrer-policy", "cache-control")
    ]


def test_an_operator_is_told_on_every_page(ask, sources):
    """What is wrong with the collector stands above what it counts."""
    sources.reason = "the disk is full"

    assert ["the disk is full" in ask(path).text for path in ("/", "/slo/calm")] == [True, True]


def test_a_state_says_since_when_where_that_is_known(ask, sources, now):
    """The page tells the beginning of the state that holds, not of another one."""
    without = ask("/slo/burning").text
    sources.began = {("burning", State.HEALTHY): now - 7 * MINUTE}
    of_another = ask("/slo/burning").text
    sources.began = {("burning", State.BURNING): now - 7 * MINUTE}

    assert without == of_another
    assert "7 min" in ask("/slo/burning").text


def test_charts_end_with_the_step_being_filled(ask, sources, now):
    """Both charts are of whole steps, aligned to themselves, and miss nothing that was counted until now."""
    ask("/slo/calm")

    (_, recent, minutes), (_, whole, hours) = sources.asked[:2]
    for interval, step, seconds in ((recent, minutes, 3 * 3600), (whole, hours, 30 * 86_400)):
        assert (0, 0) == (interval.start % step, interval.end % step)
        assert interval.end - step <= now < interval.end
        assert seconds <= interval.seconds < seconds + step


def test_styles_and_scripts_are_served_beside(ask):
    """What a page refers to is there."""
    assert 200 == ask("/static/page.css").status_code


def test_a_time_that_is_asked_for_is_the_one_shown(ask, sources, around, now):
    """By both moments or by a length; what spent the budget is of the same time, told apart as asked."""
    ask(f"/slo/calm?from={int(now) - 7_200}&to={int(now) - 3_600}&by=route")
    (_, shown, step), *_ = sources.asked

    assert 60 == step
    assert now - 7_260 < shown.start <= now - 7_200
    assert now - 3_600 <= shown.end < now - 3_540
    assert [("calm", shown, "route")] == around.asked


def test_an_end_alone_is_the_end_of_as_long_a_time(ask, sources, now):
    """Who asks for the time until a moment is not shown the present."""
    ask(f"/slo/calm?to={int(now) - 86_400}&last=1h")
    (_, shown, _), *_ = sources.asked

    assert now - 86_400 - 1 <= shown.end <= now - 86_400 + 60
    assert 3600 <= shown.seconds <= 3660


@pytest.mark.parametrize(
    "query",
    [
        "?from=9&to=3",
        "?from=5",
        "?last=7d",
        "?explain=1",
        "?to=0",
        "?to=9",
        "?from=0&to=253402300799",
        "?from=253402300798&to=253402300799",
        "?from=253402300799",
        "?from=253402300000&to=253402300799",
    ],
)
def test_no_time_that_can_be_asked_for_is_an_error(ask, query):
    """One that ends before it begins is taken for none."""
    assert 200 == ask(f"/slo/calm{query}").status_code


@pytest.mark.parametrize("query", ["from=-1", "from=1e30", "last=5y", "by=colour"])
def test_what_is_no_time_is_refused(ask, query):
    """As the API refuses it."""
    assert 422 == ask(f"/slo/calm?{query}").status_code
