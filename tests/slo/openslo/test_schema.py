"""The schema that editors are given."""

from __future__ import annotations

import json
import re

from fournines.slo.openslo.schema import json_schema


def test_nothing_is_defined_in_vain():
    """What is defined is referred to, and what is referred to is defined."""
    schema = json_schema()
    named = set(re.findall(r'"#/\$defs/([^"]+)"', json.dumps(schema)))

    assert named == set(schema["$defs"])


def test_keys_are_not_said_twice():
    """A title that repeats its key is left out, in lists as well; the schema has one of its own."""
    assert json.dumps(json_schema()).count('"title": "') == 1
