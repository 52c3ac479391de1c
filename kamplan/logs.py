"""Logs to stderr that hold no personal data: routes instead of paths, no query, no values of rows."""

import logging
import re
import time
from collections.abc import Callable
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from structlog.typing import EventDict, Processor

access = structlog.get_logger("kamplan.access")
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
# PostgreSQL names the offending value after this word, Python's tracebacks repeat it.
DETAIL = re.compile(r"(DETAIL|CONTEXT):.*")


def redacted(text: str) -> str:
    return ADDRESS.sub("<address>", DETAIL.sub(r"\1: <left out>", text))


def redact(logger: Any, method: str, event: EventDict) -> EventDict:
    return {key: redacted(value) if isinstance(value, str) else value for key, value in event.items()}


def route_of(request: HttpRequest) -> str:
    """The pattern that matched: paths hold tokens and ids."""
    return request.resolver_match.route if request.resolver_match else "(no route)"


class RouteInsteadOfPath(logging.Filter):
    """Django reports refused and failed requests with their path; a path may be somebody's token."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if isinstance(request, HttpRequest):
            status = getattr(record, "status_code", "")
            record.msg, record.args = f"{request.method} /{route_of(request)} {status}", ()
        return True


def access_log(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        response = get_response(request)
        access.info(
            "request",
            method=request.method,
            route=route_of(request),
            status=response.status_code,
            ms=round((time.perf_counter() - started) * 1000),
        )
        return response

    return middleware


def logging_settings(level: str, as_json: bool) -> dict[str, Any]:
    shared: list[Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    redact,
                    renderer,
                ],
            }
        },
        "filters": {"routes": {"()": "kamplan.logs.RouteInsteadOfPath"}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "lines", "filters": ["routes"]},
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "propagate": True},
            # Refusals stand in the access log already.
            "django.request": {"level": "ERROR"},
            # Values of rows are in every statement.
            "django.db.backends": {"level": "WARNING"},
            # Granian's own lines name nothing but processes; requests are logged by access_log.
            "granian.access": {"level": "CRITICAL"},
        },
    }
