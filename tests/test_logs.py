import io
import logging
from collections.abc import Iterator

import pytest
from django.http import HttpRequest
from django.test import Client

from kamplan.logs import RouteInsteadOfPath, redacted


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the handler of the settings writes, formatted as in production."""
    handler = next(
        h for h in logging.getLogger().handlers if isinstance(h.formatter, logging.Formatter) and h.filters
    )
    assert isinstance(handler, logging.StreamHandler)
    written = io.StringIO()
    before = handler.setStream(written)
    yield written
    handler.setStream(before)


def test_a_request_is_logged_by_its_route_without_path_and_query(client: Client, lines: io.StringIO) -> None:
    client.get("/healthz?token=s3cr3t-token")
    client.get("/survey/s3cr3t-token/")
    text = lines.getvalue()
    assert "route=healthz" in text
    assert text.count("[kamplan.access]") == 2
    assert "s3cr3t-token" not in text


def test_a_failed_request_is_logged_by_its_route(lines: io.StringIO) -> None:
    request = HttpRequest()
    request.method, request.path = "GET", "/survey/s3cr3t-token/"
    request.resolver_match = None
    logging.getLogger("django.request").error(
        "%s: %s", "Internal Server Error", request.path, extra={"status_code": 500, "request": request}
    )
    assert "s3cr3t-token" not in lines.getvalue()
    assert "GET /(no route) 500" in lines.getvalue()


def test_addresses_and_values_named_by_the_database_are_left_out(lines: io.StringIO) -> None:
    try:
        raise ValueError("duplicate key\nDETAIL:  Key (email)=(mira@kamplan.example) already exists.")
    except ValueError:
        logging.getLogger("accounts").exception("could not save %s", "mira@kamplan.example")
    text = lines.getvalue()
    assert "could not save <address>" in text
    assert "duplicate key" in text
    assert "mira" not in text


def test_redaction_leaves_other_text_alone() -> None:
    assert redacted("run 7 published, 62 accounts @ 03:00") == "run 7 published, 62 accounts @ 03:00"


def test_records_without_a_request_pass_unchanged() -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "as %s", ("written",), None)
    assert RouteInsteadOfPath().filter(record)
    assert record.getMessage() == "as written"
