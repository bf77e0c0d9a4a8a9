"""From settings to who is told of alerts."""

from fournines.serving import notifiers_of
from fournines.settings import Settings


def test_receivers_are_named_by_their_place():
    """A name outlives a restart: what waits for a receiver in the outbox finds it again."""
    hooks = [{"type": "webhook", "url": f"http://127.0.0.1:{port}/", "secret": "s3cret"} for port in (1, 2)]

    notifiers = notifiers_of(Settings.model_validate({"notify": hooks}).notify, "http://pages")

    assert ["webhook-1", "webhook-2"] == [receiver.name for receiver in notifiers]
    assert "http://127.0.0.1:2" in repr(list(notifiers.values())[1])
    assert "s3cret" not in repr(notifiers)
