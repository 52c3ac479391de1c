"""Every setting of kamplan, read from the environment (see .env.example)."""

import secrets
from pathlib import Path
from typing import Any

import pghistory
from csp.constants import NONE, SELF

from kamplan.env import (
    BadEnvironment,
    database_settings,
    email_settings,
    env_bool,
    env_int,
    env_list,
    env_process,
    env_text,
    mailbox_url,
)
from kamplan.logs import logging_settings
from kamplan.services import NOT_RUNNING, current, private_text

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

# Which of our processes this is: web, worker, numbers or beat; empty for commands and tests.
PROCESS = env_process()
# Our own PostgreSQL and Valkey stand in for what the environment leaves out: demonstrations and tests.
SERVICES = current().running() or NOT_RUNNING
EMBEDDED = not env_text("DATABASE_URL")

DEBUG = env_bool("DEBUG", False)
SECRET_KEY = env_text("SECRET_KEY")
if not SECRET_KEY and PROCESS and not EMBEDDED and not DEBUG:
    raise BadEnvironment("SECRET_KEY must be set (50 random characters or more)")
SECRET_KEY = SECRET_KEY or private_text(VAR_DIR / "secret_key", secrets.token_urlsafe(64))
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1],testserver")

INSTALLED_APPS = [
    "accounts",
    "metrics",
    "kamplan",
    "kamplan.admin_config.PanelConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "django_htmx",
    "django_filters",
    "template_partials",
    "widget_tweaks",
    "pgtrigger",
    "pghistory",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
]
MIDDLEWARE = [
    # First of all that answer, so that static files and errors carry the policy too.
    "csp.middleware.CSPMiddleware",
    "kamplan.logs.access_log",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Pages shrink to a fifth; random bytes and masked tokens keep their length from telling anything.
    "django.middleware.gzip.GZipMiddleware",
    "kamplan.middleware.NoStore",
    "kamplan.middleware.NoZeroBytes",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "kamplan.middleware.SessionLimits",
    "kamplan.middleware.OrganisationTime",
    "kamplan.middleware.Acting",
    "kamplan.middleware.LoginWall",
    "allauth.account.middleware.AccountMiddleware",
    "kamplan.middleware.History",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "kamplan.urls"
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "kamplan.context.frame",
                "metrics.status_line.status_line",
            ]
        },
    }
]
FORM_RENDERER = "kamplan.forms.Renderer"

DATABASES = {"default": database_settings(env_text("DATABASE_URL") or SERVICES.database_url, PROCESS)}
# Counts of attempts survive a restart of the broker; Redis holds wake-up calls only.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "kamplan_cache"}}

TIME_ZONE = "UTC"
USE_TZ = True
LANGUAGE_CODE = "en"
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = env_text("STATIC_ROOT") or VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Hashed names need `collectstatic`, which only the running product has behind it.
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PROCESS
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login/"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["email", "name"]},
    },
]
# How many proxies stand in front and append to X-Forwarded-For; 0: the peer's address counts.
ALLAUTH_TRUSTED_PROXY_COUNT = env_int("TRUSTED_PROXIES", 1 if env_bool("BEHIND_TLS", False) else 0)
ACCOUNT_ADAPTER = "accounts.people.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.people.login_forms.LoginForm",
    "reset_password": "accounts.people.login_forms.ResetPasswordForm",
    "change_password": "accounts.people.login_forms.ChangePasswordForm",
    "reset_password_from_key": "accounts.people.login_forms.ResetPasswordKeyForm",
    "reauthenticate": "accounts.people.login_forms.ReauthenticateForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
# An administrator enters the address, and the invitation proves it.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": "30/m/ip,8/5m/key",
    "reset_password": "20/h/ip,5/h/key",
    "reset_password_from_key": "20/h/ip",
    "change_password": "10/m/user",
    "reauthenticate": "10/m/user",
    "signup": "1/h/ip",
}
PASSWORD_RESET_TIMEOUT = 3600
MFA_ADAPTER = "accounts.people.adapter.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "kamplan"
MFA_ALLOW_UNVERIFIED_EMAIL = True

# The audit history also says what was removed.
PGHISTORY_BASE_MODEL = "kamplan.events.Event"
PGHISTORY_DEFAULT_TRACKERS = (pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# Behind a proxy that ends TLS and sets X-Forwarded-Proto itself.
BEHIND_TLS = env_bool("BEHIND_TLS", False)
COOKIE_PREFIX = "__Host-" if BEHIND_TLS else ""
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS else None
SECURE_SSL_REDIRECT = BEHIND_TLS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if BEHIND_TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = BEHIND_TLS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_ENGINE = "accounts.people.sessions"
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid"
SESSION_COOKIE_SECURE = BEHIND_TLS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 7 * 24 * 3600
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
CSRF_COOKIE_SECURE = BEHIND_TLS
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")
# Joining the browsers' preload list cannot be undone quickly: the owner of the domain decides that, not we.
SILENCED_SYSTEM_CHECKS = ["security.W021"]

SITE_URL = env_text("SITE_URL", "http://localhost:8000").rstrip("/")
ADMIN_PATH = env_text("ADMIN_PATH", "admin").strip("/") + "/"

EMAIL: dict[str, Any] = email_settings(env_text("EMAIL_URL") or f"file://{VAR_DIR / 'mail'}")
globals().update(EMAIL)
DEFAULT_FROM_EMAIL = env_text("DEFAULT_FROM_EMAIL", "kamplan <kamplan@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# Where mail servers return what they cannot deliver, and the mailbox in which it is read.
BOUNCE_ADDRESS = env_text("BOUNCE_ADDRESS")
BOUNCE_MAILBOX = mailbox_url("BOUNCE_MAILBOX")
# The Maildir of the demonstration's own mail server; elsewhere there is none.
MAIL_SINK = env_text("KAMPLAN_MAIL_SINK")

# Numbers and hashes of erased persons, one line each: kept outside the database, so that no restore undoes them.
ERASURE_LOG = env_text("ERASURE_LOG") or str(VAR_DIR / "erasures.jsonl")

LOGGING = logging_settings(env_text("LOG_LEVEL", "INFO"), as_json=env_bool("LOG_JSON", False))

# Messages only wake; what is due stands in the database. A lost or doubled message changes nothing.
CELERY_BROKER_URL = env_text("REDIS_URL") or SERVICES.redis_url
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = False
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_TASK_TIME_LIMIT = 120
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 200
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 300_000
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Longer than any task of the default queue may run; those of `numbers` are acknowledged before they start.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "socket_keepalive": True,
}
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.2}
CELERY_TASK_DEFAULT_QUEUE = "default"
# Recompute and import have a worker of their own: an hour each, and never twice for one message.
NUMBERS_TASKS = ("metrics.tasks.recompute", "accounts.tasks.apply_import")
CELERY_TASK_ROUTES = {name: {"queue": "numbers"} for name in NUMBERS_TASKS}
CELERY_TASK_ANNOTATIONS = {
    name: {"acks_late": False, "soft_time_limit": 3540, "time_limit": 3600} for name in NUMBERS_TASKS
}
# The whole clock. A message that found no worker in time is void: the next one asks the database again.
CELERY_BEAT_SCHEDULE = {
    "tick": {"task": "metrics.tasks.tick", "schedule": 300, "options": {"expires": 280}},
    "outbox": {"task": "accounts.tasks.send_outbox", "schedule": 60, "options": {"expires": 55}},
    "bounces": {"task": "accounts.tasks.read_bounces", "schedule": 300, "options": {"expires": 280}},
    "digests": {"task": "metrics.tasks.digests", "schedule": 300, "options": {"expires": 280}},
    "hand_overs": {"task": "accounts.tasks.hand_on_work", "schedule": 300, "options": {"expires": 280}},
    "surveys": {"task": "accounts.tasks.survey_waves", "schedule": 60, "options": {"expires": 55}},
    "retention": {"task": "accounts.tasks.retention", "schedule": 3600, "options": {"expires": 3500}},
    "employees": {"task": "accounts.tasks.employee_waves", "schedule": 300, "options": {"expires": 280}},
}
