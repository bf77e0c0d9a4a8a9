"""Numbers as people write them."""

import pytest

from fournines.settings import Flags, load


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("64MiB", 64 * 2**20),
        ("1GiB", 2**30),
        ("500kB", 500_000),
        ("0.5 GB", 500_000_000),
        ("1.5MiB", 1_572_864),
        ("2048B", 2048),
        ("67108864", 67_108_864),
        ('"${LIMIT}"', 4096),
    ],
)
def test_sizes_are_written_with_their_unit_or_as_bytes(write, text, size):
    """`64MiB` is what people mean; thousands and 1,024s are told apart by their names, and nothing is rounded."""
    assert size == load(write(f"otlp: {{limit: {text}}}"), Flags(), {"LIMIT": "4096"}).otlp.limit


def test_every_size_takes_a_unit(write):
    """Queues of all destinations and kept traces as well as requests."""
    settings = load(
        write(
            "traces: {bytes: 1GiB}\nforward:\n  - {type: otlp, endpoint: http://a, queue_bytes: 2GiB}\n"
            "  - {type: remote_write, url: http://a, queue_bytes: 2GiB}\n  - {type: xray, region: a, queue_bytes: 2GiB}\n",
        ),
        Flags(),
        {},
    )

    assert 2**30 == settings.traces.bytes
    assert [2**31] * 3 == [one.queue_bytes for one in settings.forward]
