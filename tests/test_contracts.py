"""What rooms agree on that may not know each other: a name changed on one side only is found here."""

import pytest

from fournines.collector import names as collector_names
from fournines.collector.registry import declared_slo
from fournines.instrumentation import names as instrumentation_names
from fournines.instrumentation.config.config import read_config
from fournines.instrumentation.emf.lines import is_bad
from fournines.instrumentation.objectives import objective
from fournines.instrumentation.requests.quiet_paths import QUIET_PATHS
from fournines.slo import HTTP_BOUNDARIES, HTTP_SERVER_DURATION, OPERATIONAL_ROUTES
from fournines.slo.classify import CANCELLED, ERROR_TYPE, STATUS_CODE_KEYS, Verdict, availability
from fournines.slo.sli import MESSAGE_DURATION, OPERATION_DURATION


def test_the_heartbeat_is_heard_by_the_name_it_is_sent_under():
    """A service that says it lives is not taken for a silent one."""
    assert instrumentation_names.SERVICE_UP == collector_names.HEARTBEAT


def test_the_service_and_its_instance_are_told_by_the_same_attributes():
    """Senders are known by what they send."""
    sent = (instrumentation_names.SERVICE_NAME, instrumentation_names.SERVICE_INSTANCE_ID)

    assert sent == (collector_names.SERVICE_NAME, collector_names.SERVICE_INSTANCE)


def test_automatic_slos_listen_to_the_metric_that_is_sent():
    """The signal of an SLO nobody wrote is what the one line emits: of requests, of messages, of operations."""
    sent = (
        instrumentation_names.REQUEST_DURATION,
        instrumentation_names.PROCESS_DURATION,
        instrumentation_names.OPERATION_DURATION,
    )

    assert sent == (HTTP_SERVER_DURATION, MESSAGE_DURATION, OPERATION_DURATION)


def test_what_is_no_customer_s_request_is_the_same_for_both():
    """A path that is traced only when it fails is one that no SLO counts; what was given up is marked as it is looked for."""
    assert QUIET_PATHS == OPERATIONAL_ROUTES
    assert instrumentation_names.CANCELLED == CANCELLED


def test_objectives_beside_the_code_are_declared_by_the_attributes_that_are_read():
    """A service's promise arrives whole, and one that may be made is not refused for its size."""
    told = {name: value for name, value in vars(instrumentation_names).items() if name.startswith("SLO_")}
    read = {
        name.replace("DECLARED", "SLO"): value for name, value in vars(collector_names).items() if "DECLARED_" in name
    }

    assert told.pop("SLO_DECLARED") == collector_names.DECLARED
    assert told.items() <= read.items()
    assert set(told.values()) == collector_names.DECLARED_KEYS
    assert objective.MOST_ROUTES <= declared_slo.MOST_ROUTES


def test_advice_knows_the_boundaries_that_are_sent():
    """`check` calls a threshold off the boundaries only where ours has none."""
    assert tuple(read_config(None, None, {}).boundaries) == tuple(float(boundary) for boundary in HTTP_BOUNDARIES)


@pytest.mark.parametrize("status", [200, 304, 400, 404, 429, 499, 500, 503])
@pytest.mark.parametrize("error", [None, "404", "500", "503", "ValueError"])
def test_embedded_metrics_and_the_budget_call_the_same_requests_bad(status, error):
    """CloudWatch's errors are those that the error budget was spent on."""
    told = {STATUS_CODE_KEYS[0]: status, **({} if error is None else {ERROR_TYPE: error})}

    assert is_bad(status, error) is (availability(told) is Verdict.BAD)
