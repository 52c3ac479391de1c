"""The map as a drawing or a document, the table as a workbook; opinions only where they are asked for."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import slugify
from django.views.decorators.http import require_GET

from accounts.portfolio.frame import account_frame
from accounts.stakeholders.documents import map_document, workbook
from accounts.stakeholders.drawing import drawn
from accounts.stakeholders.page import View, cadence_of
from accounts.stakeholders.people import Circle, circle_of
from kamplan.permissions import READS_WORK, signed_in

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_GET
def map_svg(request: HttpRequest, account: int) -> HttpResponse:
    frame, circle, view = asked(request, account)
    return as_file(
        render(request, "stakeholders/map.svg", drawing(circle, view)), frame, "map", "svg", "image/svg+xml"
    )


@require_GET
def map_pdf(request: HttpRequest, account: int) -> HttpResponse:
    frame, circle, view = asked(request, account)
    picture = render(request, "stakeholders/map.svg", drawing(circle, view)).content
    content = map_document(circle, picture, frame["today"])
    return as_file(HttpResponse(content), frame, "map", "pdf", "application/pdf")


@require_GET
def people_xlsx(request: HttpRequest, account: int) -> HttpResponse:
    frame, circle, view = asked(request, account)
    content = workbook(circle, circle.shown(view.show), signed_in(request).role in READS_WORK)
    return as_file(HttpResponse(content), frame, "people", "xlsx", XLSX)


def asked(request: HttpRequest, account: int) -> tuple[dict[str, Any], Circle, View]:
    """Without the tick nothing leaves the house that we think of people."""
    user = signed_in(request)
    frame = account_frame(user, account, "people")
    view = View.of(account, request.GET.dict())
    circle = circle_of(
        user,
        frame["account"],
        frame["today"],
        cadence_of(frame),
        everybody=view.show == "left",
        opinions=request.GET.get("opinions") == "yes",
    )
    return frame, circle, view


def drawing(circle: Circle, view: View) -> dict[str, Any]:
    return {"circle": circle, "map": drawn(circle, circle.shown(view.show)), "linked": False, "view": view}


def as_file(response: HttpResponse, frame: dict[str, Any], what: str, ending: str, kind: str) -> HttpResponse:
    name = f"{slugify(frame['account'].name) or 'account'}-{what}-{frame['today']:%Y-%m-%d}.{ending}"
    response.headers["Content-Type"] = kind
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
