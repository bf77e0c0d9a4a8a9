"""Metric streams: what each said last, so that each interval and each increase counts once."""
