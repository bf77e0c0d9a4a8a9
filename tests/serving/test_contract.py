"""A running collector beside what its `/openapi.json` says: schemathesis asks what may be asked, and judges every answer."""

import re

import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS, load_all_checks

from fournines.client import Client, every_page

EXAMPLES = 5
"""Questions an operation; each is a request."""

METHODS = {"get", "post", "put", "delete", "patch"}


@pytest.fixture(scope="module")
def fed(shared, make_spans_of_module):
    """A collector that counted something."""
    _, spans = make_spans_of_module
    assert 200 == shared.post("traces", spans).status_code
    return shared


@pytest.fixture(scope="module")
def told(fed):
    """What it says of itself."""
    return fed.get("/openapi.json")


def operations(told):
    return [
        (f"{method} {path}", operation)
        for path, ways in told["paths"].items()
        for method, operation in ways.items()
        if method in METHODS and path.startswith("/api/v1/")
    ]


def resolved(told, said):
    """What a reference stands for."""
    while "$ref" in said:
        found = told
        for part in said["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        said = found
    return said


def test_every_operation_promises_an_answer_and_its_refusals(told):
    """A shape with an example, and problems for all that may go wrong; a body has an example too."""
    faults = []
    for name, operation in operations(told):
        for status, said in operation["responses"].items():
            kind = "application/json" if status < "300" else "application/problem+json"
            shown = resolved(told, said).get("content", {}).get(kind, {})
            faults += [f"{name}: {status} without schema or example"] if shown.keys() < {"schema", "example"} else []
        faults += [] if "422" in operation["responses"] else [f"{name}: 422 is not told of"]
        body = operation.get("requestBody")
        faults += [f"{name}: a body without example"] if body and "example" not in str(body) else []

    assert [] == faults


def test_every_example_is_of_its_shape(told):
    """Whoever copies one sends, or expects, what may come."""
    for name, operation in operations(told):
        for said in operation["responses"].values():
            for shown in resolved(told, said)["content"].values():
                schema = {**shown["schema"], "components": told["components"]}
                jsonschema.validate(shown["example"], schema, jsonschema.Draft202012Validator)
        for sent in operation.get("requestBody", {}).get("content", {}).values():
            schema = {**sent["schema"], "components": told["components"]}
            jsonschema.validate(sent["example"], schema, jsonschema.Draft202012Validator), name


def test_whatever_may_be_asked_is_answered_as_promised(fed):
    """Statuses, content types, headers and shapes are those told of; nothing ends in a fault of ours.

    One check is left out: what the schema allows may be refused all the same, a time that does not exist say.
    """
    load_all_checks()
    left_out = [CHECKS.get_one("positive_data_acceptance")]
    rules = settings(
        max_examples=EXAMPLES,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    for found in schemathesis.openapi.from_url(f"{fed.url}/openapi.json").get_all_operations():
        operation = found.ok()

        @rules
        @given(case=operation.as_strategy())
        def holds(case):
            case.call_and_validate(excluded_checks=left_out)

        holds()


def test_pages_of_a_real_list_are_the_list(fed):
    """Traces, SLOs and the audit log, one at a time: each once, in the order of the whole list."""
    with Client(fed.url) as client:
        whole = [each["name"] for each in client.slos_page(sort="name")["slos"]]
        pages = every_page(lambda cursor: client.slos_page(1, cursor, sort="name"))
        assert whole == [each["name"] for page in pages for each in page["slos"]]
        worst = every_page(lambda cursor: client.slos_page(1, cursor))
        assert sorted(whole) == sorted(each["name"] for page in worst for each in page["slos"])
        for number in range(3):
            client.correct(
                {"service": "shop", "start": 1_790_000_000 + number, "duration": "1m", "author": "a", "reason": "b"}
            )
        pages = every_page(lambda cursor: client.audit(2, cursor))
        numbers = [each["id"] for page in pages for each in page["audit"]]
        assert numbers == sorted(set(numbers), reverse=True)
        assert len(numbers) >= 3


def test_every_endpoint_is_on_the_developer_s_page(told, root):
    """And none that is gone."""
    text = (root / "docs" / "service-developer.md").read_text()
    listed = re.findall(r"^\| `((?:GET|POST|PUT|PATCH|DELETE) [^`]+)`", text, re.MULTILINE)

    there = [f"{method.upper()} {path}" for path, ways in told["paths"].items() for method in ways if method in METHODS]
    assert sorted(there) == sorted(listed)


def test_no_answer_holds_what_no_shape_tells_of(told, fed):
    """A key that is given and not told of is one that no client's type has."""
    shapes = {
        name: shape | ({"additionalProperties": False} if "properties" in shape else {})
        for name, shape in told["components"]["schemas"].items()
    }
    asked = [path for path, ways in told["paths"].items() if "get" in ways and "{" not in path]
    asked += [f"/api/v1/slos/shop-availability{below}" for below in ("", "/history", "/contributors", "/explain")]
    for path in asked:
        way = told["paths"].get(path) or told["paths"][path.replace("shop-availability", "{name}")]
        schema = way["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        whole = {**schema, "components": {"schemas": shapes}}
        jsonschema.validate(fed.get(path), whole, jsonschema.Draft202012Validator)
