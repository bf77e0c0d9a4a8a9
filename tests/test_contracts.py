"""What rooms agree on that may not know each other: a name changed on one side only is found here."""

import pytest

from fournines.collector import names as collector_names
from fournines.instrumentation import names as instrumentation_names
from fournines.instrumentation.config.config import read_config
from fournines.instrumentation.emf.lines import is_bad
from fournines.slo import HTTP_BOUNDARIES, HTTP_SERVER_DURATION
from fournines.slo.classify import ERROR_TYPE, STATUS_CODE_KEYS, Verdict, availability


def test_the_heartbeat_is_heard_by_the_name_it_is_sent_under():
    """A service that says it lives is not taken for a silent one."""
    assert instrumentation_names.SERVICE_UP == collector_names.HEARTBEAT


def test_the_service_and_its_instance_are_told_by_the_same_attributes():
    """Senders are known by what they send."""
    sent = (instrumentation_names.SERVICE_NAME, instrumentation_names.SERVICE_INSTANCE_ID)

    assert sent == (collector_names.SERVICE_NAME, collector_names.SERVICE_INSTANCE)


def test_automatic_slos_listen_to_the_metric_that_is_sent():
    """The signal of an SLO nobody wrote is what the one line emits."""
    assert instrumentation_names.REQUEST_DURATION == HTTP_SERVER_DURATION


def test_advice_knows_the_boundaries_that_are_sent():
    """`check` calls a threshold off the boundaries only where ours has none."""
    assert tuple(read_config(None, None, {}).boundaries) == tuple(float(boundary) for boundary in HTTP_BOUNDARIES)


@pytest.mark.parametrize("status", [200, 304, 400, 404, 429, 499, 500, 503])
@pytest.mark.parametrize("error", [None, "404", "500", "503", "ValueError"])
def test_embedded_metrics_and_the_budget_call_the_same_requests_bad(status, error):
    """CloudWatch's errors are those that the error budget was spent on."""
    told = {STATUS_CODE_KEYS[0]: status, **({} if error is None else {ERROR_TYPE: error})}

    assert is_bad(status, error) is (availability(told) is Verdict.BAD)
