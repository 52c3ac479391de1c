"""What a load balancer or a container asks: does the process answer, can it serve?"""

import logging
import sys

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import DatabaseError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.defaults import server_error

from metrics.models import Run

log = logging.getLogger(__name__)
_migrated: set[str] = set()


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Ready when the database answers and its tables are ours; the age of the figures is told, not judged."""
    try:
        migrated = migrations_applied()
        age = newest_run_age() if migrated else None
    except DatabaseError:
        log.warning("the database does not answer")
        return JsonResponse(
            {"database": False, "migrations": None, "newest_run_age_seconds": None}, status=503
        )
    body = {"database": True, "migrations": migrated, "newest_run_age_seconds": age}
    return JsonResponse(body, status=200 if migrated else 503)


def migrations_applied() -> bool:
    """Reading every migration is slow, so a yes is remembered; this process's code cannot change."""
    database = str(connection.settings_dict["NAME"])
    if database not in _migrated:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return False
        _migrated.add(database)
    return True


def newest_run_age() -> int | None:
    newest = Run.objects.order_by("-pk").values_list("published_at", flat=True).first()
    return None if newest is None else round((timezone.now() - newest).total_seconds())


def failed(request: HttpRequest) -> HttpResponse:
    """A time limit, a full pool or a restarting database passes: say so, and that a later try may succeed."""
    if isinstance(sys.exc_info()[1], OperationalError):
        return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": "30"})
    return server_error(request)


@register(Tags.security, deploy=True)
def mails_reach_people(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    if settings.EMAIL_BACKEND.endswith(".smtp.EmailBackend"):
        return []
    return [Warning("EMAIL_URL names no SMTP server: mails reach nobody.", id="kamplan.W001")]
