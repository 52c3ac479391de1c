"""The admin panel: behind the authenticator app, useful for configuration, closed for account content."""

import datetime
from collections.abc import Callable
from typing import Any

import pghistory
import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.core.cache import cache
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.exchange.models import RememberedMapping
from accounts.models import (
    Account,
    Forecast,
    HandOver,
    Message,
    Opportunity,
    OpportunitySplit,
    OpportunityStage,
    Organisation,
    Product,
    ProductCategory,
    Team,
    User,
)
from kamplan.panel import AccountContent, ContentHistory
from metrics.models import Run, RunAttempt, Scope, Target
from tests.factories import (
    PASSWORD,
    day,
    make_classification,
    make_contact,
    make_contract,
    make_grant,
    make_opportunity,
    make_order,
    make_product,
    make_quota,
    make_rate,
    make_target,
    make_user,
)
from tests.people.conftest import BACKEND, SECRET, code

Elevate = Callable[[Client], None]
MOMENT = datetime.datetime(2026, 1, 11, 4, tzinfo=datetime.UTC)
CONTENT = [m for m, a in admin.site._registry.items() if isinstance(a, AccountContent | ContentHistory)]
CONFIGURATION = [m for m in admin.site._registry if m not in CONTENT]


def url(model: Any, what: str = "changelist", *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{what}", args=args)


@pytest.mark.parametrize("person", ["maya", "lena", "hana", "mira", "vic"])
def test_only_administrators_open_any_page_of_the_panel(
    request: pytest.FixtureRequest, client: Client, person: str
) -> None:
    client.force_login(request.getfixturevalue(person), backend=BACKEND)
    assert client.get(reverse("admin:index")).status_code == 403
    for model in admin.site._registry:
        assert client.get(url(model)).status_code == 403
        assert client.get(url(model, "add")).status_code == 403
        assert client.post(url(model, "add")).status_code == 403


def test_whoever_is_not_logged_in_goes_to_our_login(client: Client, db: None) -> None:
    response = client.get(reverse("admin:index"), follow=True)
    assert response.redirect_chain[-1][0].startswith("/login/?next=")
    assert 'name="username"' not in response.content.decode()


def test_an_administrator_without_an_app_sets_one_up_first(client: Client, adam: User) -> None:
    client.force_login(adam, backend=BACKEND)
    response = client.get(reverse("admin:index"), follow=True)
    assert "/2fa/totp/activate/" in [path for path, _ in response.redirect_chain]


def test_an_app_alone_is_not_enough_this_session_must_have_used_it(client: Client, adam: User) -> None:
    cache.clear()
    TOTP.activate(adam, SECRET)
    client.force_login(adam, backend=BACKEND)
    response = client.get(reverse("admin:index"), follow=True)
    asked = response.redirect_chain[-1][0]
    assert asked.startswith("/2fa/reauthenticate/?next=")
    response = client.post(asked, {"code": code()}, follow=True)
    assert response.redirect_chain[-1][0] == reverse("admin:index")
    assert response.status_code == 200


@pytest.mark.parametrize("model", CONFIGURATION, ids=lambda m: m._meta.model_name)
def test_lists_and_forms_of_configuration_open(in_panel: Client, model: type) -> None:
    make_user()
    make_rate("USD", "0.9")
    make_product("P", "C")
    make_quota(make_user())
    make_grant(make_user("V", "viewer"))
    assert in_panel.get(url(model)).status_code == 200
    assert in_panel.get(url(model), {"q": "a"}).status_code == 200
    assert in_panel.get(url(model, "add")).status_code in {200, 403}
    first = model._default_manager.first()  # type: ignore[attr-defined]
    if first is not None:
        assert in_panel.get(url(model, "change", first.pk)).status_code == 200


def test_targets_of_accounts_are_listed_during_an_elevation_only(
    in_panel: Client, maya: User, maya_account: Account, elevate: Elevate
) -> None:
    make_target(maya)
    make_target(scope=Scope.ACCOUNT, key=maya_account.pk)
    lists = [url(Target), url(Target.pgh_event_model)]  # type: ignore[attr-defined]
    closed = [in_panel.get(each).content.decode() for each in lists]
    assert maya.name in closed[0] and maya_account.name not in closed[0]
    assert "1 target event" in closed[1]
    elevate(in_panel)
    opened = [in_panel.get(each).content.decode() for each in lists]
    assert maya_account.name in opened[0] and "2 target events" in opened[1]


@pytest.mark.parametrize("model", CONTENT, ids=lambda m: m._meta.model_name)
def test_account_content_opens_during_an_elevation_only(
    in_panel: Client, model: type, maya: User, maya_account: Account, elevate: Elevate
) -> None:
    make_classification(maya_account, tier="A")
    make_order(maya_account, "2026-01-02")
    make_opportunity(maya_account, phases=[("Lead", "2026-01-05", None)], splits={maya: 1})
    make_contract(maya_account)
    make_grant(make_user("V", "viewer"), account=maya_account)
    first = model._default_manager.first()  # type: ignore[attr-defined]
    assert in_panel.get(url(model)).status_code == 403
    if first is not None:
        assert in_panel.get(url(model, "change", first.pk)).status_code in {302, 403}
    elevate(in_panel)
    assert in_panel.get(url(model)).status_code == 200
    assert in_panel.get(url(model), {"q": "1"}).status_code == 200
    if first is not None:
        page = in_panel.get(url(model, "change", first.pk))
        assert page.status_code == 200 and "object (" not in page.content.decode()


def test_names_of_accounts_are_not_found_by_autocompletion_without_an_elevation(
    in_panel: Client, maya_account: Account, elevate: Elevate
) -> None:
    elevate(in_panel)
    query = {"app_label": "accounts", "model_name": "contract", "field_name": "account", "term": "Aur"}
    found = in_panel.get(reverse("admin:autocomplete"), query)
    assert found.json()["results"][0]["text"] == "Aurora Foods"
    in_panel.post("/people/elevation/end/")
    assert in_panel.get(reverse("admin:autocomplete"), query).status_code == 403
    query |= {"model_name": "grant"}
    assert in_panel.get(reverse("admin:autocomplete"), query).status_code == 403


def test_what_stands_in_the_way_of_a_deletion_names_no_account_content_without_an_elevation(
    in_panel: Client, maya: User, north: Team, maya_account: Account, elevate: Elevate
) -> None:
    make_classification(maya_account, tier="A", industry="Food", region="Bavaria")
    make_opportunity(maya_account, phases=[("Lead", "2026-01-05", None)], name="Takeover of Borealis")
    make_order(
        maya_account, "2026-01-02", lines=[{"amount": 1, "product": make_product("P", "C")}], number="AUR-7"
    )
    pages = [
        url(model, "delete", row.pk)
        for model in CONFIGURATION
        for row in model._default_manager.all()[:5]  # type: ignore[attr-defined]
    ]
    assert len(pages) > 10
    for page in pages:
        text = in_panel.get(page).content.decode()
        assert not any(word in text for word in ("Aurora", "AUR-7", "Borealis")), page
    stage, product = OpportunityStage.objects.get(name="Lead"), Product.objects.get()
    several = {"action": "delete_selected", "_selected_action": [stage.pk]}
    text = in_panel.post(url(OpportunityStage), several).content.decode()
    assert "Borealis" not in text and "1 opportunity phase, shown during an elevation" in text
    # What is no account content is named as ever.
    assert "Maya Marin in North" in in_panel.get(url(Team, "delete", north.pk)).content.decode()
    elevate(in_panel)
    assert "Takeover of Borealis" in in_panel.get(url(OpportunityStage, "delete", stage.pk)).content.decode()
    assert "AUR-7" in in_panel.get(url(Product, "delete", product.pk)).content.decode()
    # Rows of settings that nothing uses go as ever.
    unused = ProductCategory.objects.create(name="Unused")
    in_panel.post("/people/elevation/end/")
    assert in_panel.post(url(ProductCategory, "delete", unused.pk), {"post": "yes"}).status_code == 302
    assert not ProductCategory.objects.filter(pk=unused.pk).exists()


def test_a_mail_names_the_person_at_a_customer_during_an_elevation_only(
    in_panel: Client, maya_account: Account, elevate: Elevate
) -> None:
    mail = Message.objects.create(
        kind="survey", contact=make_contact(maya_account, "Ada Chief"), dedup_key="survey:1:0", payload={}
    )
    page = url(Message, "change", mail.pk)
    assert "Ada Chief" not in in_panel.get(page).content.decode()
    elevate(in_panel)
    assert "Ada Chief" in in_panel.get(page).content.decode()


def test_what_was_done_during_an_elevation_is_named_during_one_only(
    in_panel: Client, adam: User, maya: User, vic: User, maya_account: Account, elevate: Elevate
) -> None:
    for row in (maya_account, make_grant(vic, account=maya_account), maya):
        LogEntry.objects.log_actions(adam.pk, [row], action_flag=2, change_message="")  # type: ignore[attr-defined]
    text = in_panel.get(reverse("admin:index")).content.decode()
    assert "Maya Marin" in text and "Aurora Foods" not in text
    elevate(in_panel)
    assert "Aurora Foods" in in_panel.get(reverse("admin:index")).content.decode()


def test_the_name_of_a_granted_account_is_hidden_without_an_elevation(
    in_panel: Client, vic: User, maya_account: Account, elevate: Elevate
) -> None:
    grant = make_grant(vic, account=maya_account)
    path = url(type(grant), "change", grant.pk)
    assert maya_account.name not in in_panel.get(path, follow=True).content.decode()
    elevate(in_panel)
    assert maya_account.name in in_panel.get(path).content.decode()


def test_a_new_user_has_no_password_and_is_invited_by_an_action(in_panel: Client) -> None:
    data = {
        "email": "new@kamplan.example",
        "name": "New",
        "role": "manager",
        "is_active": "on",
        "memberships-TOTAL_FORMS": "0",
        "memberships-INITIAL_FORMS": "0",
    }
    assert in_panel.post(url(User, "add"), data).status_code == 302
    user = User.objects.get(email="new@kamplan.example")
    assert not user.has_usable_password()
    in_panel.post(url(User), {"action": "send_invitations", "_selected_action": [user.pk]})
    assert user.invitations.count() == 1


def test_only_our_own_models_stand_in_the_panel() -> None:
    assert {model._meta.app_label for model in admin.site._registry} <= {"accounts", "metrics"}


def test_a_lost_phone_is_helped_with_and_the_person_is_told(in_panel: Client, maya: User) -> None:
    TOTP.activate(maya, SECRET)
    in_panel.post(url(User), {"action": "remove_apps", "_selected_action": [maya.pk]})
    assert not Authenticator.objects.filter(user=maya).exists()
    assert maya.messages.get().payload["event"] == "mfa/email/totp_deactivated"


def test_nobody_shuts_themselves_out(in_panel: Client, adam: User) -> None:
    page = in_panel.get(url(User, "change", adam.pk)).content.decode()
    assert 'name="role"' not in page
    assert in_panel.post(f"/people/{adam.pk}/deactivate/").status_code == 403
    in_panel.post(url(User), {"action": "close_logins", "_selected_action": [adam.pk]})
    adam.refresh_from_db()
    assert adam.is_active


def test_the_settings_of_the_organisation_are_kept_in_one_row(in_panel: Client) -> None:
    data = {
        "name": "Example Ltd",
        "time_zone": "Europe/Paris",
        "reporting_currency": "GBP",
        "fiscal_year_start": "4",
        "grace_days": "10",
        "returned_days": "90",
        "run_hour": "3",
        "answer_hours": "8",
    }
    assert in_panel.post(url(Organisation, "add"), data).status_code == 302
    assert Organisation.current().name == "Example Ltd"
    assert in_panel.get(url(Organisation, "add")).status_code == 403
    bad = in_panel.post(url(Organisation, "change", 1), data | {"time_zone": "Mars/Base"})
    assert "is not a time zone" in bad.content.decode()


def test_shares_that_do_not_add_up_are_refused_in_the_form(
    in_panel: Client, maya: User, omar: User, maya_account: Account, elevate: Elevate
) -> None:
    elevate(in_panel)
    deal = make_opportunity(maya_account)
    data = {
        "account": maya_account.pk,
        "name": deal.name,
        "kind": "new",
        "origin": "",
        "amount": "1000",
        "currency": "EUR",
        "opened_on": "2026-01-05",
        "outcome": "open",
        "phases-TOTAL_FORMS": "0",
        "phases-INITIAL_FORMS": "0",
        "splits-TOTAL_FORMS": "2",
        "splits-INITIAL_FORMS": "0",
        "splits-0-user": maya.pk,
        "splits-0-share": "0.5",
        "splits-1-user": omar.pk,
        "splits-1-share": "0.4",
    }
    bad = in_panel.post(url(Opportunity, "change", deal.pk), data)
    assert "add up to 1, not to 0.9" in bad.content.decode()
    good = in_panel.post(url(Opportunity, "change", deal.pk), data | {"splits-1-share": "0.5"})
    assert good.status_code == 302
    assert OpportunitySplit.objects.filter(opportunity=deal).count() == 2


def test_records_of_the_application_are_read_only(in_panel: Client) -> None:
    for name in ("message", "elevation", "viewas", "invitation", "userevent"):
        assert in_panel.get(reverse(f"admin:accounts_{name}_add")).status_code == 403


def test_what_was_frozen_or_handed_over_is_looked_up_and_never_changed_here(
    in_panel: Client, elevate: Elevate
) -> None:
    elevate(in_panel)
    made = Forecast.objects.create(
        starts_on=day("2026-01-01"), ends_on=day("2026-04-01"), frozen_on=day("2026-01-01"), amount=100
    )
    for model in (Forecast, HandOver):
        assert in_panel.get(url(model, "add")).status_code == 403
    page = in_panel.get(url(Forecast, "change", made.pk)).content.decode()
    assert 'name="_save"' not in page
    assert in_panel.post(url(Forecast, "change", made.pk), {"amount": "1"}).status_code == 403


def test_runs_their_tries_and_remembered_columns_are_found_by_words(in_panel: Client, adam: User) -> None:
    run = Run.objects.create(
        cause="scheduled", due=day("2026-01-11"), as_of=day("2026-01-10"), published_at=MOMENT, errors=[1, 2]
    )
    other = Run.objects.create(cause="manual", as_of=day("2026-02-10"), published_at=MOMENT)
    RunAttempt.objects.create(cause="manual", state="failed", error="disk full " + "x" * 200, asked_by=adam)
    RunAttempt.objects.create(cause="scheduled", state="published", run=run, due=day("2026-01-11"))
    for source, column in (("erp", "Kundennummer"), ("crm", "account")):
        RememberedMapping.objects.create(kind="orders", source=source, header=[column, "date"], mapping={})

    def found(model: Any, **asked: str) -> list[Any]:
        return list(in_panel.get(url(model), asked).context["cl"].result_list)

    assert found(Run, q="2026-01-10") == [run] and found(Run, q=str(other.pk))[0] == other
    assert found(Run, cause__exact="scheduled") == [run]
    assert [each.error[:9] for each in found(RunAttempt, q="disk full")] == ["disk full"]
    assert [each.run for each in found(RunAttempt, q="2026-01-11")] == [run]
    assert [each.asked_by for each in found(RunAttempt, q="Adam")] == [adam]
    assert [each.source for each in found(RememberedMapping, q="kundennr")] == []
    assert [each.source for each in found(RememberedMapping, q="kundennummer")] == ["erp"]
    assert [each.source for each in found(RememberedMapping, q="orders")] == ["crm", "erp"]


def test_a_row_of_the_history_says_what_was_changed_by_whom(in_panel: Client, adam: User, maya: User) -> None:
    events = url(User.pgh_event_model)  # type: ignore[attr-defined]
    with pghistory.context(user=adam.pk):
        User.objects.filter(pk=maya.pk).update(name="Maya Moreno")
    by_person = in_panel.get(events, {"q": "Adam Aydin"})
    assert str(by_person.context["cl"].result_list[0]) == f"user {maya.pk}, changed"
    text = by_person.content.decode()
    assert "Maya Moreno" in text and ">Adam Aydin<" in text
    by_name = in_panel.get(events, {"q": "Maya Marin"}).context["cl"].result_list
    assert [each.what for each in by_name] == ["added"]
    by_number = in_panel.get(events, {"q": str(maya.pk)}).context["cl"].result_list
    assert [each.what for each in by_number] == ["changed", "added"]


def test_the_password_alone_proves_an_elevation_as_a_code_does(in_panel: Client) -> None:
    assert in_panel.post("/people/elevation/", {"reason": "x", "proof": PASSWORD}).status_code == 302


def test_an_address_typed_without_its_scheme_is_taken_for_https(adam: User) -> None:
    request = RequestFactory().get("/")
    request.user = adam
    form = admin.site._registry[Account].get_form(request)
    assert form.base_fields["website"].clean("halden.example") == "https://halden.example"
