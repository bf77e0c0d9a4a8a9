"""What scrapers read."""


def test_the_form_is_the_one_that_is_asked_for(ask):
    """The scraper's `Accept` reaches whoever writes the text, and its content type the scraper, letter by letter."""
    answer = ask("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})

    assert "application/openmetrics-text; version=1.0.0" == answer.text
    assert "text/plain; version=fake" == answer.headers["content-type"]
