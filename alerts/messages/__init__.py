"""What people read when they are told: from an alert and the status of its SLO to a notification."""

__all__: list[str] = []
