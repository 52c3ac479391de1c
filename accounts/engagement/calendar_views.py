"""A calendar file becomes touches: chosen, looked at, imported. The file itself is kept nowhere."""

from django import forms
from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.engagement.calendar_file import NoCalendar, meetings
from accounts.engagement.meetings import match, opened, sealed, write
from accounts.people.models import Organisation, User
from kamplan.permissions import EDITS_ACCOUNTS, allowed, signed_in

PAGE = "engagement/calendar_import.html"


class CalendarForm(forms.Form):
    file = forms.FileField(
        label="Calendar file",
        help_text="The .ics file that your calendar program exports. Only meetings with people whom we know "
        "by their e-mail address are taken; everything else is left out and kept nowhere.",
        widget=forms.ClearableFileInput(attrs={"accept": ".ics,text/calendar"}),
    )


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def calendar_import(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    if request.method == "GET":
        return render(request, PAGE, {"form": CalendarForm()})
    if "seal" in request.POST:
        return written(request, user)
    form = CalendarForm(request.POST, request.FILES)
    if not form.is_valid():
        return render(request, PAGE, {"form": form}, status=422)
    try:
        everything = meetings(form.cleaned_data["file"].read(), Organisation.current().zone, timezone.now())
    except NoCalendar as problem:
        form.add_error("file", str(problem))
        return render(request, PAGE, {"form": form}, status=422)
    found = match(user, everything)
    waiting = [each for each in found if each.state != "same"]
    context = {
        "form": CalendarForm(),
        "found": waiting,
        "same": len(found) - len(waiting),
        "left_out": len(everything) - len({each.meeting.key for each in found}),
        "seal": sealed(user, waiting),
        "is_read": True,
    }
    return render(request, PAGE, context)


def written(request: HttpRequest, user: User) -> HttpResponse:
    try:
        rows = opened(user, request.POST["seal"])
    except signing.BadSignature:
        messages.error(request, "The preview is too old. Choose the file again.")
        return redirect("engagement:calendar_import")
    keep = set(request.POST.getlist("keep"))
    new, changed = write(user, [row for row in rows if row[0] in keep])
    messages.success(request, f"{new} meeting{'' if new == 1 else 's'} added, {changed} changed.")
    return redirect("engagement:calendar_import")
