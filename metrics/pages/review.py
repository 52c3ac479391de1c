"""Reviews of an account: their list, one prepared or held, its documents, and what follows from it."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.forms import formset_factory
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.engagement.actions import colleagues_of
from accounts.models import Account, Action, Organisation, Review, User
from accounts.periods import Period, PeriodKind, latest_complete, year_to_date
from accounts.plans import reviews
from accounts.plans.review_forms import HeldForm, ReviewForm, StepForm, TextsForm, span_value
from accounts.plans.reviews import TEXTS, Step
from accounts.portfolio.frame import account_frame
from accounts.portfolio.views import with_toast
from accounts.stakeholders.coverage import coverage_of
from accounts.stakeholders.page import cadence_of
from kamplan import formats
from kamplan.permissions import EDITS_ACCOUNTS, READS_WORK, allowed, signed_in, visible_or_404
from metrics.pages.account import columns as drawn
from metrics.pages.account_facts import Month
from metrics.pages.choice import period_words
from metrics.pages.documents import file_name
from metrics.pages.review_documents import TEXTS as DOCUMENT_TEXTS
from metrics.pages.review_documents import as_pdf, as_pptx, as_xlsx
from metrics.pages.review_figures import figures_of, last_review, review_figures, usual_period
from metrics.reading import newest_run, reading

CONFLICT = 409
USUAL_TITLE = "Quarterly review"
STEP_DAYS = 14
SHEETS = {
    "pdf": (as_pdf, "application/pdf"),
    "pptx": (as_pptx, "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    "xlsx": (as_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
StepFormSet: Any = formset_factory(StepForm, extra=0)


def one(user: User, pk: int) -> Any:
    """The review, or 404 for a stranger."""
    found = reviews.visible_review(user, pk)
    if found is None:
        raise Http404
    return found


@require_GET
@allowed(*READS_WORK)
def review_list(request: HttpRequest, account: int) -> HttpResponse:
    user = signed_in(request)
    context = account_frame(user, account, "reviews")
    rows = (
        Review.objects.visible_to(user)
        .filter(account=account)
        .exclude(status=Review.Status.CANCELLED)
        .defer("figures")
        .annotate(
            promised=Count("actions"),
            kept=Count("actions", filter=Q(actions__status=Action.Status.DONE)),
        )
        .order_by("-on", "-pk")
    )
    planned = [each for each in rows if each.status == Review.Status.PLANNED]
    return render(
        request,
        "plans/review_list.html",
        {
            **context,
            "planned": planned[::-1],
            "held": [each for each in rows if each.status == Review.Status.HELD],
        },
    )


def spans(as_of: datetime.date, chosen: Period | None) -> list[tuple[str, str]]:
    """Whole months that a review usually looks back on, and the chosen ones."""
    quarter = usual_period(as_of)
    found = [
        quarter,
        quarter.moved(-3),
        latest_complete(PeriodKind.T12, as_of),
        year_to_date(latest_complete(PeriodKind.MONTH, as_of).start),
        quarter.moved(3),
    ]
    if chosen is not None:
        found.append(chosen)
    named = {span_value(each.start, each.end): period_words(each) for each in found}
    return list(named.items())


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def review_add(request: HttpRequest, account: int) -> HttpResponse:
    """Plan a review; asked to prepare one that is planned already, it opens that."""
    user = signed_in(request)
    owner = visible_or_404(Account, user, pk=account)
    today = Organisation.current().today()
    planned = Review.objects.visible_to(user).planned().filter(account=account, on__gte=today)
    if request.method == "GET" and "another" not in request.GET:
        following = planned.order_by("on", "pk").first()
        if following is not None:
            return redirect("plans:review", pk=following.pk)
    usual = usual_period(today)
    review = Review(account=owner, created_by=user, period_start=usual.start, period_end=usual.end)
    initial = {"title": USUAL_TITLE, "on": today + datetime.timedelta(days=7)}
    form = ReviewForm(request.POST or None, instance=review, spans=spans(today, None), initial=initial)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "The review is planned.")
        return redirect("plans:review", pk=review.pk)
    return plan_page(request, form, owner, "Prepare a review")


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def review_plan(request: HttpRequest, pk: int) -> HttpResponse:
    """Another day, title or period, as long as it was not held."""
    review = one(signed_in(request), pk)
    if review.status != Review.Status.PLANNED:
        return redirect("plans:review", pk=pk)
    span = Period(review.period_start, review.period_end)
    form = ReviewForm(
        request.POST or None, instance=review, spans=spans(Organisation.current().today(), span)
    )
    if request.method == "POST" and form.is_valid():
        form.instance.version += 1
        form.save()
        messages.success(request, "Saved.")
        return redirect("plans:review", pk=pk)
    return plan_page(request, form, review.account, "Edit the review")


def plan_page(request: HttpRequest, form: ReviewForm, owner: Account, title: str) -> HttpResponse:
    context = {**account_frame(signed_in(request), owner.pk, "reviews"), "form": form, "title": title}
    return render(request, "plans/review_plan.html", context, status=422 if form.is_bound else 200)


@require_GET
@allowed(*READS_WORK)
def review(request: HttpRequest, pk: int) -> HttpResponse:
    return page(request, one(signed_in(request), pk))


def page(
    request: HttpRequest, review: Any, form: TextsForm | None = None, status: int = 200, **more: Any
) -> HttpResponse:
    """The whole review with its figures; `form` where texts were not saved."""
    user = signed_in(request)
    with reading():
        context = account_frame(user, review.account_id, "reviews")
        figures = figures_of(review, user)
        covers = coverage_of(user, review.account, context["today"], cadence_of(context))
        last = last_review(review, user)
        steps = steps_of(request, review, user, context["today"]) if context["may_edit"] else None
        made = list(Action.objects.visible_to(user).filter(review=review).select_related("owner"))
    return render(
        request,
        "plans/review.html",
        {
            **context,
            "review": review,
            "figures": figures,
            "covers": covers,
            "last": last,
            "form": form or (TextsForm(instance=review) if context["may_edit"] else None),
            "is_kept": bool(review.figures) and review.status == Review.Status.HELD,
            "is_held": review.status == Review.Status.HELD,
            "steps": steps,
            "made": made,
            "texts": [
                (label, getattr(review, name)) for name, label in DOCUMENT_TEXTS if getattr(review, name)
            ],
            "period_words": figures["period"]["words"],
            "has_months": any(float(row["amount"]) or float(row["before"]) for row in figures["months"]),
            **columns(figures),
            **more,
        },
        status=status,
    )


def columns(figures: dict[str, Any]) -> dict[str, Any]:
    """The months as the account page draws them."""
    months = [
        Month(datetime.date.fromisoformat(row["month"]), Decimal(row["amount"]), Decimal(row["before"]))
        for row in figures["months"]
    ]
    return drawn(months) if months else {}


@require_POST
@allowed(*EDITS_ACCOUNTS)
def review_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The texts of the deck; whoever saves second sees both versions and loses nothing."""
    user = signed_in(request)
    review = one(user, pk)
    stored = {name: getattr(review, name) for name in TEXTS}
    form = TextsForm(request.POST, instance=review)
    if not form.is_valid():
        return page(request, one(user, pk), form, status=422)
    texts = {name: form.cleaned_data[name] for name in TEXTS}
    if reviews.write_texts(user, review, form.cleaned_data["seen"], texts):
        if request.htmx:  # type: ignore[attr-defined]
            saved = one(user, pk)
            response = render(
                request, "plans/_review_texts.html", {"form": TextsForm(instance=saved), "review": saved}
            )
            return with_toast(response, "Saved.")
        messages.success(request, "Saved.", f"review-{pk}")
        return redirect("plans:review", pk=pk)
    theirs = [
        (form.fields[name].label, stored[name], texts[name])
        for name in TEXTS
        if stored[name].strip() != texts[name].strip()
    ]
    fresh = TextsForm({**request.POST.dict(), "seen": review.version}, instance=one(user, pk))
    if request.htmx:  # type: ignore[attr-defined]
        context = {"form": fresh, "review": review, "theirs": theirs}
        response = render(request, "plans/_review_texts.html", context)
        return with_toast(response, "Somebody saved this after you had opened it. Both versions are shown.")
    return page(request, one(user, pk), fresh, status=CONFLICT, theirs=theirs)


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def review_hold(request: HttpRequest, pk: int) -> HttpResponse:
    """Who was there, how it went, when the next one is; the figures shown are kept."""
    user = signed_in(request)
    review = one(user, pk)
    today = Organisation.current().today()
    context = account_frame(user, review.account_id, "reviews")
    title, was_planned = review.title, review.status
    form = HeldForm(request.POST or None, instance=review, user=user, today=today)
    if request.method == "POST" and form.is_valid():
        said = {name: form.cleaned_data[name] for name in ("rating", "notes", "next_on")}
        held = one(user, pk)
        figures = review_figures(held, user, newest_run()) if was_planned == Review.Status.PLANNED else {}
        people = form.cleaned_data["contacts"], form.cleaned_data["colleagues"]
        if reviews.hold(user, held, form.cleaned_data["seen"], said, *people, figures):
            messages.success(
                request, "Noted. Lines of the notes can become actions now.", f"review-{pk}-held"
            )
            return redirect(f"{reverse('plans:review', args=[pk])}#steps")
        form.add_error(
            None, "Somebody saved this review after you had opened it. Look at theirs, then save again."
        )
        form.data = {**form.data.dict(), "seen": held.version}  # type: ignore[attr-defined]
    return render(
        request,
        "plans/review_hold.html",
        {**context, "form": form, "review": review, "review_title": title},
        status=422 if form.is_bound else 200,
    )


def steps_of(request: HttpRequest, review: Any, user: User, today: datetime.date) -> Any:
    """Lines of the notes that are no action yet, each with a tick, an owner and a day."""
    if review.status != Review.Status.HELD:
        return None
    there = set(Action.objects.visible_to(user).filter(review=review).values_list("text", flat=True))
    waiting = [line for line in reviews.lines(review.notes) if line not in there]
    due_on = max(review.on, today) + datetime.timedelta(days=STEP_DAYS)
    initial = [{"text": line, "owner": user.pk, "due_on": due_on} for line in waiting]
    owners = owners_of(review.account, user, today)
    return StepFormSet(initial=initial, prefix="step", form_kwargs={"owners": owners}) if initial else None


def owners_of(account: Account, user: User, today: datetime.date) -> Any:
    return colleagues_of(account, today) | User.objects.filter(pk=user.pk)


@require_POST
@allowed(*EDITS_ACCOUNTS)
def review_actions(request: HttpRequest, pk: int) -> HttpResponse:
    """The ticked lines become actions."""
    user = signed_in(request)
    review = one(user, pk)
    owners = owners_of(review.account, user, Organisation.current().today())
    forms = StepFormSet(request.POST, prefix="step", form_kwargs={"owners": owners})
    if not forms.is_valid():
        return page(request, review, status=422, steps=forms)
    chosen = [
        Step(said["text"], said["owner"], said["due_on"])
        for said in (form.cleaned_data for form in forms)
        if said.get("chosen")
    ]
    made = reviews.make_actions(user, review, chosen)
    count = len(made)
    messages.success(
        request, f"{count} action{'' if count == 1 else 's'} made." if count else "No line was ticked."
    )
    return redirect(f"{reverse('plans:review', args=[pk])}#steps")


@require_POST
@allowed(*EDITS_ACCOUNTS)
def review_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    review = one(user, pk)
    undo = reviews.cancel(user, review)
    address = reverse("plans:review_list", args=[review.account_id])
    if undo is None:
        messages.error(request, "It was held already, or somebody changed it meanwhile.")
        return redirect(address)
    if request.htmx:  # type: ignore[attr-defined]
        response = HttpResponse("")
        return with_toast(response, f"The review on {formats.day(review.on)} is taken off.", undo)
    messages.success(request, f"The review on {formats.day(review.on)} is taken off.")
    return redirect(address)


@require_POST
@allowed(*EDITS_ACCOUNTS)
def review_restore(request: HttpRequest, token: str) -> HttpResponse:
    found = reviews.restore(signed_in(request), token)
    if request.htmx:  # type: ignore[attr-defined]
        if found is None:
            return with_toast(HttpResponse(status=204), "It is too late to take this back.")
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    if found is None:
        messages.error(request, "It is too late to take this back.")
        return redirect("home")
    return redirect("plans:review_list", account=found.account_id)


@require_GET
@allowed(*READS_WORK)
def review_file(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """The review as a document with the figures of the page."""
    user = signed_in(request)
    found = one(user, pk)
    if kind not in SHEETS:
        raise Http404
    make: Callable[..., bytes]
    make, content_type = SHEETS[kind]
    with reading():
        content = make(found, figures_of(found, user))
    name = file_name("Review", found.account.name, found.on.isoformat())
    return HttpResponse(
        content,
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}.{kind}"'},
    )
