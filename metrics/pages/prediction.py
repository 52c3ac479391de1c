"""What to expect of one account: the prediction of the newest run, and how it came about."""

from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.models import Organisation, User
from accounts.portfolio.frame import account_frame
from kamplan.formats import money, number, share
from kamplan.permissions import Secret, may_see, signed_in
from metrics.models import FittedModel, Prediction, Run
from metrics.pages.prediction_simple import Simple, simple_variants
from metrics.reading import newest_run, reading

Name = FittedModel.Name
NO_ORDERS = "it has never ordered, or has a contract, or orders in a currency without a rate"
NO_CONTRACT = "no contract with an end runs today"
NOT_RUN = "no run has looked ahead yet"


@dataclass(frozen=True)
class Fact:
    term: str
    text: str
    note: str = ""


@dataclass(frozen=True)
class Outlook:
    """One model's word about the account, all texts formatted; without a value the reason."""

    title: str
    reason: str = ""
    value: str = ""
    window: str = ""
    range: str = ""
    chance: str = ""
    expected: str = ""
    inputs: tuple[Fact, ...] = ()
    rates: tuple[Fact, ...] = ()
    contracts: tuple[dict[str, Any], ...] = ()
    simple: Simple | None = None
    """What is known without a model, where it refused."""


@require_GET
def account_prediction(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    with reading():
        frame = account_frame(user, pk, "revenue")
        run = newest_run()
        outlooks = outlooks_of(user, pk, run)
    return render(
        request,
        "portfolio/account_prediction.html",
        {**frame, "run": run, "outlooks": outlooks, "currency": Organisation.current().reporting_currency},
    )


def outlooks_of(user: User, account: int, run: Run | None) -> list[Outlook]:
    if run is None:
        return []
    fitted = {each.name: each for each in FittedModel.objects.filter(run=run)}
    found = {each.name: each for each in Prediction.objects.filter(run=run, account_id=account)}
    currency = Organisation.current().reporting_currency
    outlooks = {Name.ORDERS: of_orders(fitted.get(Name.ORDERS), found.get(Name.ORDERS), currency)}
    if may_see(user, Secret.CONTRACT_VALUE):
        outlooks[Name.RENEWALS] = of_renewals(fitted.get(Name.RENEWALS), found.get(Name.RENEWALS), currency)
    refused = [name for name in outlooks if name in fitted and fitted[name].refused]
    simple = simple_variants(user, account, run, refused)
    return [replace(each, simple=simple.get(name)) for name, each in outlooks.items()]


def of_orders(model: FittedModel | None, prediction: Prediction | None, currency: str) -> Outlook:
    title = "Orders of the next 12 months"
    if model is None or prediction is None:
        return Outlook(title, reason=why(model, NO_ORDERS))
    inputs, rates = prediction.inputs, model.rates
    weeks = f"{number(inputs['t_x'], 0)} weeks"
    return Outlook(
        title,
        value=money(prediction.value, currency),
        window="in 12 months",
        range=f"{money(prediction.low, currency)} – {money(prediction.high, currency)}",
        chance=f"{percent(prediction.chance)} likely to order again",
        expected=f"{number(prediction.expected, 1)} orders expected",
        inputs=(
            Fact("Orders after the first", number(inputs["x"], 0), "orders of one day count once"),
            Fact("From the first to the last", weeks),
            Fact("From the first to the run", f"{number(inputs['t'], 0)} weeks"),
            Fact("Mean order", money(inputs["mean"], currency), "credit notes taken off"),
        ),
        rates=(
            Fact(
                "BG/NBD: r, alpha, a, b",
                ", ".join(number(rates[name], 3) for name in ("r", "alpha", "a", "b")),
                f"fitted on {model.n} customers without a contract, "
                f"log-likelihood {number(model.log_likelihood, 1)}",
            ),
            Fact(
                "Gamma-Gamma: p, q, gamma",
                ", ".join(number(rates[name], 3) for name in ("p", "q", "gamma")),
                f"of those who ordered twice; how often and how much correlate by {number(rates['correlation'], 2)}",
            ),
        ),
    )


def of_renewals(model: FittedModel | None, prediction: Prediction | None, currency: str) -> Outlook:
    title = "Renewals still to come"
    if model is None or prediction is None:
        return Outlook(title, reason=why(model, NO_CONTRACT))
    rates = model.rates
    return Outlook(
        title,
        value=money(prediction.value, currency),
        window="all renewals to come, worth today",
        range=f"{money(prediction.low, currency)} – {money(prediction.high, currency)}",
        chance=f"{percent(prediction.chance)} likely to renew next time",
        expected=f"{number(prediction.expected, 1)} renewals expected, later ones discounted",
        contracts=tuple(
            {
                **each,
                "chance": percent(each["chance"]),
                "renewals": number(each["renewals"], 1),
                "annual_value": money(each["annual_value"], currency),
            }
            for each in prediction.inputs["contracts"]
        ),
        rates=(
            Fact(
                "Shifted-beta-geometric: alpha, beta",
                f"{number(rates['alpha'], 3)}, {number(rates['beta'], 3)}",
                f"fitted on {model.n} contracts that came to a renewal, log-likelihood "
                f"{number(model.log_likelihood, 1)}; discounted by {percent(rates['discount'])} a year",
            ),
        ),
    )


def why(model: FittedModel | None, otherwise: str) -> str:
    if model is None:
        return NOT_RUN
    return model.refused or otherwise


def percent(value: float) -> str:
    return share(value * 100)
