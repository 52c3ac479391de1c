from typing import Any

from django import forms
from django.db import models

from accounts.people.models import User
from accounts.portfolio.models import Account, SavedFilter

INLINE = {
    "name": "Name",
    "city": "City",
    "country": "Country",
    "website": "Website",
    "description": "About",
}
"""The facts of an account that are edited in their place."""


class SavedFilterForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = SavedFilter
        fields = ["name"]

    def __init__(self, *args: Any, user: User, query: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.user = user
        if not self.instance.pk:
            self.instance.query = query

    def clean(self) -> dict[str, Any]:
        if not self.instance.query:
            raise forms.ValidationError("This view shows everything. Filter, sort or group it first.")
        return super().clean() or self.cleaned_data

    # The constraint needs the user, who is not a field of the form; the view's text is no field that could show it.
    def _get_validation_exclusions(self) -> set[str]:
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {"user"}


def form_field(field: models.Field, **options: Any) -> forms.Field | None:  # type: ignore[type-arg]
    """An address typed without its scheme is taken for https."""
    if isinstance(field, models.URLField):
        options["assume_scheme"] = "https"
    return field.formfield(**options)


def inline_form(field: str, account: Account, data: Any = None) -> forms.ModelForm:  # type: ignore[type-arg]
    """A form of one field, with the constraints of the whole account."""
    widgets: dict[str, type[forms.Widget] | forms.Widget] = {"description": forms.Textarea(attrs={"rows": 4})}
    form_class = forms.modelform_factory(
        Account, fields=[field], widgets=widgets, labels=INLINE, formfield_callback=form_field
    )
    form = form_class(data, instance=account)
    form.fields[field].widget.attrs.update({"autofocus": True, "autocomplete": "off"})
    return form
