"""A corpus of files in the variety of OpenSLO's own examples, of all its versions: what is valid is read, what is faulty says why.

The first line of a faulty file says what is said of it, and who sees that: `check` alone, or editors by the schema too.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fournines.slo import SpecError, load_slos
from fournines.slo.openslo.canonical import canonical
from fournines.slo.openslo.schema import json_schema
from fournines.slo.openslo.yaml_reader import read_file

CORPUS = Path(__file__).parent / "corpus"
VALID, FAULTY, FOREIGN = (sorted((CORPUS / name).iterdir()) for name in ("valid", "faulty", "foreign"))
DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
NAMED = {"ids": lambda path: path.stem}


@pytest.fixture(scope="module")
def schema():
    """The schema that `check --schema` prints."""
    made = json_schema()
    jsonschema.Draft202012Validator.check_schema(made)
    return jsonschema.Draft202012Validator(made)


def as_json(value):
    """What an editor sees of a file."""
    match value:
        case dict():
            return {key: as_json(each) for key, each in value.items()}
        case list():
            return [as_json(each) for each in value]
        case Decimal():
            return float(value)
    return value


def complaints(schema, path):
    """What an editor says of a file."""
    return [error for document in read_file(path).documents for error in schema.iter_errors(as_json(document.data))]


@pytest.mark.parametrize("path", VALID, **NAMED)
def test_what_is_valid_is_read(path):
    """Every valid file declares SLOs."""
    assert load_slos([path])


@pytest.mark.parametrize("path", VALID, **NAMED)
def test_editors_accept_what_is_valid(schema, path):
    """The schema holds no valid file to be faulty."""
    assert complaints(schema, path) == []


@pytest.mark.parametrize("path", FAULTY, **NAMED)
def test_what_is_faulty_says_why(path):
    """Every fault is said in words, with its line and its column."""
    expected = path.read_text().splitlines()[0].partition(": ")[2]
    with pytest.raises(SpecError) as caught:
        load_slos([path])

    assert any(expected in str(fault) for fault in caught.value.faults), str(caught.value)
    assert all(fault.line and fault.column for fault in caught.value.faults)


@pytest.mark.parametrize("path", [path for path in FAULTY if path.read_text().startswith("# schema")], **NAMED)
def test_editors_see_what_a_schema_can(schema, path):
    """Whatever one object says of itself alone, an editor marks while it is written."""
    assert complaints(schema, path)


@pytest.mark.parametrize("path", FOREIGN, **NAMED)
def test_what_asks_others_is_read_but_for_its_type(path):
    """Valid OpenSLO that asks somebody we can't ask has that one kind of fault, and no other."""
    with pytest.raises(SpecError) as caught:
        load_slos([path])

    assert all("can't be asked for" in fault.message for fault in caught.value.faults)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=8), below, max_size=3),
    max_leaves=5,
)


def places(value, at=()):
    """Every path within a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(path for key, item in items for path in places(item, (*at, key)))]


WHOLE = [(path, place) for path in VALID for place in places(list(yaml.safe_load_all(path.read_text()))) if place]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(WHOLE), ANYTHING)
def test_any_value_anywhere(tmp_path, where, value):
    """Whatever stands wherever in a valid file, the answer is SLOs or faults with places, and no other error."""
    path, place = where
    at = documents = list(yaml.safe_load_all(path.read_text()))
    for step in place[:-1]:
        at = at[step]
    at[place[-1]] = value
    file = tmp_path / "slos.yaml"
    file.write_bytes(yaml.dump_all(documents, Dumper=DUMPER, allow_unicode=True).encode("utf-8", "surrogatepass"))
    try:
        found, faults = load_slos([file]), ()
    except SpecError as error:
        found, faults = (), error.faults

    assert bool(found) is not bool(faults)
    assert all(fault.file == str(file) for fault in faults)


@pytest.mark.parametrize("path", [*VALID, *FOREIGN], **NAMED)
def test_canonical_form_is_the_same_promise(path, tmp_path):
    """What is put in order declares the same SLOs, keeps its comments, and is in order."""
    text = canonical(path.read_text())
    (tmp_path / path.name).write_text(text)

    assert canonical(text) == text
    if path in VALID:
        assert load_slos([tmp_path / path.name]) == load_slos([path])
