"""A calendar file becomes touches: chosen, looked at, imported. The file itself is kept nowhere."""

import datetime
from dataclasses import asdict
from typing import Any

from django import forms
from django.contrib import messages
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.engagement.calendar_file import MAX_BYTES, TOO_LARGE, NoCalendar, meetings
from accounts.engagement.meetings import Batch, match, opened, sealed, take_back, write
from accounts.people.models import Organisation, User
from accounts.way_back import TOO_LATE
from kamplan.permissions import EDITS_ACCOUNTS, allowed, signed_in

PAGE = "engagement/calendar_import.html"
KEPT = "calendar_import"
BACK_WITHIN = datetime.timedelta(days=1)


class CalendarForm(forms.Form):
    file = forms.FileField(
        label="Calendar file",
        help_text="The .ics file that your calendar program exports. Only meetings with people whom we know "
        "by their e-mail address are taken; everything else is left out and kept nowhere.",
        widget=forms.ClearableFileInput(attrs={"accept": ".ics,text/calendar"}),
    )

    def clean_file(self) -> "UploadedFile[Any]":
        """Before anything of it stands in the memory."""
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > MAX_BYTES:
            raise forms.ValidationError(TOO_LARGE)
        return file


@require_http_methods(["GET", "POST"])
@allowed(*EDITS_ACCOUNTS)
def calendar_import(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    if request.method == "GET":
        return render(request, PAGE, {"form": CalendarForm(), "batch": kept_batch(request)})
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
    batch = write(user, [row for row in rows if row[0] in keep])
    request.session[KEPT] = {"by": user.pk, "at": timezone.now().isoformat(), **asdict(batch)}
    new, changed = len(batch.new), len(batch.changed)
    messages.success(request, f"{new} meeting{'' if new == 1 else 's'} added, {changed} changed.")
    return redirect("engagement:calendar_import")


def kept_batch(request: HttpRequest) -> Batch | None:
    """What this person imported last, for a day: one look at the timeline may be needed to see that it was wrong."""
    kept = request.session.get(KEPT)
    if not kept or kept["by"] != signed_in(request).pk:
        return None
    if timezone.now() - datetime.datetime.fromisoformat(kept["at"]) > BACK_WITHIN:
        return None
    batch = Batch(kept["new"], kept["changed"])
    return batch if batch.new or batch.changed else None


@require_POST
@allowed(*EDITS_ACCOUNTS)
def calendar_undo(request: HttpRequest) -> HttpResponse:
    """The last import as a whole; what somebody wrote to since stays."""
    batch = kept_batch(request)
    if batch is None:
        messages.error(request, TOO_LATE)
        return redirect("engagement:calendar_import")
    gone, stays = take_back(signed_in(request), batch)
    del request.session[KEPT]
    left = (
        f" {stays} stay{'s' if stays == 1 else ''}: somebody wrote to {'it' if stays == 1 else 'them'} since."
    )
    messages.success(request, f"{gone} meeting{'' if gone == 1 else 's'} taken back.{left if stays else ''}")
    return redirect("engagement:calendar_import")
