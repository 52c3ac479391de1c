"""The part of a run that looks ahead: fits both models on what is known and stores what they expect."""

import hashlib
import inspect
from decimal import Decimal
from types import ModuleType

import numpy as np

from metrics.models import FittedModel, Prediction, Run
from metrics.prediction import bgnbd, gamma_gamma, orders, renewals, sbg, search

NAME = FittedModel.Name


def version_of(*modules: ModuleType) -> str:
    """Changes when the same rows might give another prediction."""
    return hashlib.sha256("".join(map(inspect.getsource, modules)).encode()).hexdigest()[:12]


def predict(run: Run) -> None:
    """Store the fitted models and the predictions of this run; of a month only the last run's stay."""
    same_month = Run.objects.filter(as_of__gte=run.as_of.replace(day=1), pk__lt=run.pk)
    Prediction.objects.filter(run__in=same_month).delete()
    Prediction.objects.bulk_create([*predict_orders(run), *predict_renewals(run)], batch_size=2000)


def predict_orders(run: Run) -> list[Prediction]:
    history = orders.read_history(run.as_of)
    fit, refused = orders.fit(history)
    expected = orders.expect(fit, history) if fit else None
    if expected is not None and not expected.is_sound:
        fit, expected, refused = None, None, orders.NOT_LIKE_IT
    rates = {}
    if fit is not None:
        one, other = fit.orders.model, fit.values.model
        rates = {
            **{name: getattr(one, name) for name in ("r", "alpha", "a", "b")},
            **{name: getattr(other, name) for name in ("p", "q", "gamma")},
            "correlation": fit.values.correlation,
        }
    FittedModel.objects.create(
        run=run,
        name=NAME.ORDERS,
        rates=rates,
        n=len(history),
        log_likelihood=fit.orders.log_likelihood if fit else None,
        refused=refused,
        version=version_of(search, bgnbd, gamma_gamma, orders),
    )
    if expected is None:
        return []
    columns = zip(
        history.accounts,
        history.x,
        history.t_x,
        history.t,
        history.mean,
        expected.chance,
        expected.orders,
        expected.value,
        expected.low,
        expected.high,
        strict=True,
    )
    return [
        Prediction(
            run=run,
            account_id=account,
            name=NAME.ORDERS,
            chance=float(chance),
            expected=float(count),
            value=money(value),
            low=money(low),
            high=money(high),
            inputs={"x": float(x), "t_x": float(t_x), "t": float(t), "mean": float(mean)},
        )
        for account, x, t_x, t, mean, chance, count, value, low, high in columns
    ]


def predict_renewals(run: Run) -> list[Prediction]:
    past = renewals.read_renewals(run.as_of)
    fit, refused = renewals.fit(past)
    FittedModel.objects.create(
        run=run,
        name=NAME.RENEWALS,
        rates={"alpha": fit.model.alpha, "beta": fit.model.beta, "discount": renewals.DISCOUNT}
        if fit
        else {},
        n=int(past.size),
        log_likelihood=fit.log_likelihood if fit else None,
        refused=refused,
        version=version_of(search, sbg, renewals),
    )
    if fit is None:
        return []
    by_account: dict[int, list[renewals.Contract]] = {}
    for contract in renewals.live_contracts(fit, run.as_of):
        by_account.setdefault(contract.account, []).append(contract)
    return [of_contracts(run, fit.model, account, each) for account, each in by_account.items()]


def of_contracts(run: Run, model: sbg.Sbg, account: int, contracts: list[renewals.Contract]) -> Prediction:
    """One line an account: its contracts' values added, chance and renewals weighed by their annual values."""
    weights = np.array([each.annual_value for each in contracts])
    weights = weights if weights.sum() > 0 else np.ones(len(contracts))
    return Prediction(
        run=run,
        account_id=account,
        name=NAME.RENEWALS,
        chance=float(np.average([each.chance for each in contracts], weights=weights)),
        expected=float(np.average([each.renewals for each in contracts], weights=weights)),
        value=money(sum(each.value for each in contracts)),
        low=money(sum(each.bound(model, 0.1) for each in contracts)),
        high=money(sum(each.bound(model, 0.9) for each in contracts)),
        inputs={
            "contracts": [
                {
                    "number": each.number,
                    "renewed": each.renewed,
                    "annual_value": round(each.annual_value, 2),
                    "chance": each.chance,
                    "renewals": each.renewals,
                }
                for each in contracts
            ]
        },
    )


def money(value: float) -> Decimal:
    return Decimal(repr(float(value))).quantize(Decimal("0.01"))
