"""`status` as somebody types it at night."""

import json
from urllib.parse import unquote

import pytest

WELL = {
    "name": "users-availability",
    "state": "healthy",
    "since": "2026-11-20T00:00:00Z",
    "reason": "99 % of the error budget of 30d is left",
    "budget": {"remaining_ratio": 0.99},
    "burn_rates": {"5m": None, "1h": 0.2},
    "alerts": [],
}
BURNS = {
    "name": "payments-availability",
    "state": "burning",
    "since": "2026-11-22T03:12:40Z",
    "reason": "1h and 5m burn above 14.4",
    "budget": {"remaining_ratio": -9.0},
    "burn_rates": {"5m": 21.0, "1h": 15.2},
    "alerts": [
        {"severity": "page", "held_back": "held back: depends on ledger, which burns since 2026-11-22T03:12:30Z"}
    ],
}
SPENT, SILENT = WELL | {"state": "exhausted"}, WELL | {"state": "no_data"}


@pytest.fixture
def served(on_loopback):
    """Serves SLOs on loopback; gives its address."""

    def serve(*slos):
        answers = {
            f"/api/v1/slos/{each.get('name')}": each | {"explanation": f"why {each.get('name')}"} for each in slos
        }
        answers["/api/v1/slos"] = {"slos": slos}
        unknown = 404, {"detail": "there is no such SLO"}
        return on_loopback(
            lambda method, path, headers, body: (200, answers[unquote(path)]) if unquote(path) in answers else unknown
        )

    return serve


def test_a_line_an_slo(typed, served):
    """State in words, since when, what is left, how fast it goes and why; a page that is held back says on whom it waits."""
    done = typed("status", "--url", served(BURNS, WELL))

    assert (
        """\
SLO                    STATE    SINCE                 LEFT    BURN  REASON
payments-availability  burning  2026-11-22T03:12:40Z  \N{MINUS SIGN}900 %  21x   \
1h and 5m burn above 14.4; page held back: depends on ledger, which burns since 2026-11-22T03:12:30Z
users-availability     healthy  2026-11-20T00:00:00Z  99 %    \N{EN DASH}     99 % of the error budget of 30d is left
"""
        == done.output
    )


@pytest.mark.parametrize(
    ("slos", "code"), [((), 0), ((WELL,), 0), ((SILENT,), 0), ((WELL, SPENT), 1), ((BURNS, WELL), 1)]
)
def test_its_exit_code_is_whether_anything_is_broken(typed, served, slos, code):
    """1 where something burns or has no budget left; what is not known is no failure of a promise."""
    assert code == typed("status", "--url", served(*slos)).exit_code


def test_one_slo_alone_and_explained(typed, served):
    """Another one's trouble does not count, and the explanation is the page's and the API's."""
    url = served(BURNS, WELL)
    alone = typed("status", "--url", url, "--slo", "users-availability")
    explained = typed("status", "--url", url, "--explain")

    assert (0, 2) == (alone.exit_code, len(alone.output.splitlines()))
    assert ["why payments-availability", "", "why users-availability"] == explained.output.splitlines()[-3:]


def test_everything_as_json(typed, served):
    """As the API gives it."""
    assert [BURNS, WELL] == json.loads(typed("status", "--url", served(BURNS, WELL), "--json").output)


def test_nobody_can_tell(typed, served, free_port):
    """No collector, no such SLO or no address: a sentence, and 2."""
    for words in (
        ("--url", served(WELL), "--slo", "nowhere"),
        ("--url", f"http://127.0.0.1:{free_port()}"),
        ("--url", "no address"),
    ):
        done = typed("status", *words)
        assert 2 == done.exit_code
        assert done.output.startswith("the collector at ")


def test_an_slo_of_any_name_is_asked_for(typed, served):
    """Services give SLOs their names: such a name is no question of its own."""
    url = served(WELL | {"name": "shop? 100%/#1"})

    assert 0 == typed("status", "--url", url, "--slo", "shop? 100%/#1").exit_code


@pytest.mark.parametrize("words", [(), ("--slo", "users"), ("--explain",), ("--json",)])
def test_what_is_no_collector_ends_in_a_sentence(typed, served, words):
    """Something else may listen there, and speak JSON too."""
    done = typed("status", "--url", served({"name": "users"}), *words)

    assert 2 == done.exit_code
    assert "answers as no collector of this version does" in done.output
