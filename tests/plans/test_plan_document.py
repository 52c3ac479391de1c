"""The plan as PDF: opened by an independent reader, it holds the words and numbers of the page."""

import datetime
import io

import pytest
from django.urls import reverse

from accounts.models import Account, Organisation, Risk, SwotEntry, User
from tests.clients import as_
from tests.factories import make_goal, make_objective, make_order, make_plan
from tests.metrics import engine

pypdf = pytest.importorskip("pypdf")
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
TODAY = datetime.date(2026, 7, 2)


def test_the_pdf_holds_the_numbers_of_the_page(
    maya: User, maya_account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Organisation, "today", lambda self: TODAY)
    engine.report_in("EUR")
    plan = make_plan(maya_account, summary="Going well #let x = 1")
    goal = make_goal(plan, "Fewer stops “of line 2” & more")
    make_objective(plan, "Grow", "account_revenue", baseline=500, target=1000, goal=goal)
    make_objective(plan, "Become the reference", judgement="Draft agreed")
    SwotEntry.objects.create(plan=plan, quadrant="threat", text="Hexatron")
    Risk.objects.create(plan=plan, text="The budget is cut", severity=4, answer="Ask")
    make_order(maya_account, "2026-03-10", 612)
    engine.run(TODAY)
    client = as_(maya)
    page = client.get(reverse("plans:plan", kwargs={"pk": plan.pk}))
    response = client.get(reverse("plans:plan_pdf", kwargs={"pk": plan.pk}))
    assert response["Content-Type"] == "application/pdf"
    reader = pypdf.PdfReader(io.BytesIO(response.content))
    text = " ".join(" ".join(each.extract_text() for each in reader.pages).replace("\xa0", " ").split())
    stand = page.context["lines"].objectives[0].stand
    assert stand.value_text == "€612"
    for words in (stand.value_text, "€1,000", "€500", "Fewer stops", "Draft agreed", "Hexatron", "critical"):
        assert words in text, words
    assert "Going well #let x = 1" in text, "what people typed is text, never markup"
    assert "leads to nothing yet" in text and "ahead of plan" in text
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"], "tagged for screen readers"
