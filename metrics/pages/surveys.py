"""What customers said: every wave with its coverage, one wave in full, and the answers of one account."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Exists, Max, OuterRef, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.models import (
    Account,
    Action,
    Answer,
    AnswerItem,
    Contact,
    Organisation,
    Survey,
    SurveyInvitation,
    User,
    Wave,
)
from accounts.portfolio.frame import account_frame
from accounts.surveys.audience import audience_of
from accounts.surveys.building import languages_of
from accounts.surveys.forms import ScheduleForm
from accounts.surveys.letters import questions_in
from accounts.surveys.questions import LANGUAGES
from accounts.surveys.views import READS_SURVEYS, crumbs
from kamplan.components import Choice
from kamplan.permissions import (
    EVERYONE,
    HIDES_OPINIONS,
    SENDS_SURVEYS,
    Secret,
    allowed,
    may_see,
    signed_in,
    visible_or_404,
)
from metrics.pages.survey_figures import Coverage, coverage_by_wave, coverage_of, lines_of
from metrics.reading import newest_run, reading

WAVES_A_PAGE = ANSWERS_A_PAGE = 20
PEOPLE_A_PAGE = 50
CANDIDATES_SHOWN = 100
MARKS = {"draft": "no_target", "scheduled": "waiting", "open": "running", "closed": "done"}


@require_GET
@allowed(*READS_SURVEYS)
def survey_list(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    with reading():
        waves = Wave.objects.visible_to(user).select_related("survey", "created_by")
        page = Paginator(waves, WAVES_A_PAGE).get_page(request.GET.get("page"))
        accounts = Account.objects.visible_to(user)
        covered = coverage_by_wave([wave.pk for wave in page], accounts)
        surveys: Any = Survey.objects.visible_to(user).with_lock()
        put_away = request.GET.get("surveys") == "all"
        found = surveys if put_away else surveys.current()
        context = {
            "page": page,
            "rows": [(wave, covered.get(wave.pk, Coverage()), MARKS[wave.state]) for wave in page],
            "surveys": list(found.annotate(questions_asked=Count("questions")).select_related("created_by")),
            "put_away": put_away,
            "may_send": user.role in SENDS_SURVEYS,
            "must_elevate": user.is_staff and not user.is_elevated,
            "undo": request.GET.get("undo", ""),
        }
    return render(request, "surveys/list.html", context)


@require_GET
@allowed(*READS_SURVEYS)
def wave(request: HttpRequest, pk: int) -> HttpResponse:
    """Before it opens: whom it will ask. After: what they said."""
    user = signed_in(request)
    visible_or_404(Wave, user, pk=pk)
    with reading():
        found: Any = Wave.objects.select_related("survey", "created_by").get(pk=pk)
        may_change = user.role in SENDS_SURVEYS and Wave.objects.editable_by(user).filter(pk=pk).exists()
        context = {
            "wave": found,
            "mark": MARKS[found.state],
            "crumbs": crumbs(),
            "may_change": may_change,
            "tiers": list(found.tiers.all()),
            "chosen": found.accounts.visible_to(user).count(),
            "sees_names": may_see(user, Secret.OPINION),
            "may_send": user.role in SENDS_SURVEYS,
        }
        is_before = found.state in {Wave.State.DRAFT, Wave.State.SCHEDULED}
        context |= before(found, may_change) if is_before else after(request, user, found)
    template = "surveys/wave_draft.html" if is_before else "surveys/wave.html"
    return render(request, template, context)


def before(wave: Wave, may_change: bool) -> dict[str, Any]:
    """The audience as it would be today; of others' drafts nothing is shown but their rules."""
    if not may_change:
        return {}
    audience = audience_of(wave)
    return {
        "audience": audience,
        "asked": audience.asked[:CANDIDATES_SHOWN],
        "left_out": audience.left_out[:CANDIDATES_SHOWN],
        "shown": CANDIDATES_SHOWN,
        "schedule_form": ScheduleForm(),
        "languages": [(code, LANGUAGES[code]) for code in own_first(wave.survey)],
    }


def own_first(survey: Survey) -> list[str]:
    return sorted(languages_of(survey), key=lambda each: (each != survey.language, each))


def after(request: HttpRequest, user: User, wave: Any) -> dict[str, Any]:
    sees_names = may_see(user, Secret.OPINION)
    accounts = Account.objects.visible_to(user)
    items = AnswerItem.objects.filter(answer__wave=wave, answer__account__in=accounts.order_by().values("pk"))
    questions = questions_in(wave.survey, wave.survey.language)
    part = request.GET.get("part", "") if sees_names else ""
    here = reverse("surveys:wave", args=[wave.pk])
    context: dict[str, Any] = {
        "coverage": coverage_of(wave.pk, accounts, newest_run()),
        "lines": lines_of(items, questions, sees_few=sees_names),
        "part": part,
        "parts": [
            Choice("Answers", here, part not in {"low", "people"}),
            Choice("Low marks", f"{here}?part=low", part == "low"),
            Choice("Who was asked", f"{here}?part=people", part == "people"),
        ],
    }
    if part == "people":
        asked = SurveyInvitation.objects.visible_to(user).filter(wave=wave)
        asked = asked.select_related("contact", "account").order_by("account__name", "contact__name", "pk")
        context["people"] = Paginator(asked, PEOPLE_A_PAGE).get_page(request.GET.get("page"))
    elif sees_names:
        answers = Answer.objects.visible_to(user).filter(wave=wave)
        answers = answers.filter(Exists(low_items())) if part == "low" else answers
        context["page"] = answers_page(request, answers)
    return context


def low_items() -> QuerySet[AnswerItem]:
    low = Q(kind="nps", score__lte=6) | Q(kind="csat5", score__lte=2) | Q(kind="csat10", score__lte=4)
    return AnswerItem.objects.filter(low, answer=OuterRef("pk"))


def answers_page(request: HttpRequest, answers: Any) -> Any:
    """Newest first, each with its items and what is done about it."""
    items = AnswerItem.objects.select_related("question").order_by("question__position", "pk")
    texts = items.prefetch_related("question__texts")
    loops = Action.objects.select_related("owner", "closed_by").order_by("pk")
    found = answers.select_related("account", "contact", "survey", "wave").prefetch_related(
        Prefetch("items", texts), Prefetch("actions", loops)
    )
    return Paginator(found, ANSWERS_A_PAGE).get_page(request.GET.get("page"))


@require_GET
@allowed(*(EVERYONE - HIDES_OPINIONS))
def of_account(request: HttpRequest, account: int) -> HttpResponse:
    """What the people of one account said, and when they were asked; `?contact=` is one person's history."""
    user = signed_in(request)
    today = Organisation.current().today()
    with reading():
        context = account_frame(user, account, "surveys")
        answers = Answer.objects.visible_to(user).filter(account=account)
        contacts = people_of(user, account, today)
        wanted = request.GET.get("contact", "")
        person = next((each for each in contacts if str(each.pk) == wanted), None)
        if person is not None:
            answers = answers.filter(contact=person.pk)
        context |= {
            "contacts": contacts,
            "person": person,
            "page": answers_page(request, answers),
            "asked": asked_of(user, account, person),
        }
    return render(request, "surveys/account.html", context)


def people_of(user: User, account: int, today: Any) -> list[Any]:
    """Whom we could ask, with when they were asked and last answered, and their last recommendation."""
    present: Any = Contact.objects.visible_to(user).filter(account=account).known().present(today)
    last = AnswerItem.objects.filter(kind="nps", answer__contact=OuterRef("pk")).order_by(
        "-answer__answered_at"
    )
    return list(
        present.annotate(
            asked_at=Max("survey_invitations__invited_at"),
            last_answer_at=Max("survey_answers__answered_at"),
            last_nps=last.values("score")[:1],
        ).order_by("name")
    )


def asked_of(user: User, account: int, person: Any) -> list[Any]:
    """The invitations of one person, or nothing: an account has too many to list."""
    if person is None:
        return []
    found = SurveyInvitation.objects.visible_to(user).filter(account=account, contact=person.pk)
    return list(found.select_related("wave").order_by("-invited_at"))
