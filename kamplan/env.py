"""Typed readers of environment variables that fail loudly on a bad value."""

import os
from urllib.parse import parse_qsl, unquote, urlsplit


class BadEnvironment(Exception):
    """An environment variable holds a value that cannot be used."""


def env_text(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def env_bool(name: str, default: bool = False) -> bool:
    value = os.environ.get(name)
    if value is None or value == "":
        return default
    if value.lower() in {"1", "true", "yes", "on"}:
        return True
    if value.lower() in {"0", "false", "no", "off"}:
        return False
    raise BadEnvironment(f"{name} must be true or false, not {value!r}")


def env_int(name: str, default: int) -> int:
    value = os.environ.get(name)
    if value is None or value == "":
        return default
    try:
        return int(value)
    except ValueError:
        raise BadEnvironment(f"{name} must be a whole number, not {value!r}") from None


def env_list(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


# PostgreSQL gives up on its own before people do; the numbers (recompute, import) may take their time.
TIMEOUTS = {
    "web": {"statement_timeout": "10s", "lock_timeout": "2s", "idle_in_transaction_session_timeout": "10s"},
    "worker": {
        "statement_timeout": "120s",
        "lock_timeout": "10s",
        "idle_in_transaction_session_timeout": "60s",
    },
    "beat": {
        "statement_timeout": "120s",
        "lock_timeout": "10s",
        "idle_in_transaction_session_timeout": "60s",
    },
    "numbers": {},
    "": {},
}


def env_process() -> str:
    """Which of our processes this is; empty for commands and tests."""
    process = env_text("KAMPLAN_PROCESS")
    if process not in TIMEOUTS:
        raise BadEnvironment(
            f"KAMPLAN_PROCESS must be one of {', '.join(filter(None, TIMEOUTS))}, not {process!r}"
        )
    return process


def database_settings(url: str, process: str) -> dict[str, object]:
    """Django's settings for a `postgres://user:password@host:port/name?sslmode=...` URL."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise BadEnvironment("DATABASE_URL must begin with postgres:// (PostgreSQL is the only database)")
    options: dict[str, object] = dict(parse_qsl(parts.query))
    # Compiling the sums of a page costs seconds and saves milliseconds.
    settings = {"jit": "off", **TIMEOUTS[process]}
    options["options"] = " ".join(f"-c {name}={value}" for name, value in settings.items())
    if process == "web":
        # A page that gets no connection within 5 s says so (503) instead of hanging.
        options["pool"] = {"min_size": 1, "max_size": env_int("DATABASE_POOL", 8), "timeout": 5}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": parts.port or "",
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": process == "web",
        "OPTIONS": options,
    }


MAIL_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}


def email_settings(url: str) -> dict[str, object]:
    """Mail settings for smtp[s]://, smtp+tls://user:password@host:port, file:///folder or console:."""
    parts = urlsplit(url)
    if parts.scheme == "console":
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    if parts.scheme == "file":
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "EMAIL_FILE_PATH": unquote(parts.path),
        }
    if parts.scheme not in MAIL_PORTS or not parts.hostname:
        raise BadEnvironment("EMAIL_URL must look like smtp+tls://user:password@host:587")
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or MAIL_PORTS[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": 10,
    }


def mailbox_url(name: str) -> str:
    """The address of a mailbox that is read: maildir:///folder or imap[s]://user:password@host/folder; or none."""
    url = env_text(name)
    parts = urlsplit(url)
    known = (parts.scheme == "maildir" and parts.path) or (
        parts.scheme in {"imap", "imaps"} and parts.hostname
    )
    if url and not known:
        raise BadEnvironment(f"{name} must look like maildir:///folder or imaps://user:password@host/INBOX")
    return url
