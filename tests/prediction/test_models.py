"""The models against published figures (kpis.md §10); no database."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from metrics.prediction import bgnbd, gamma_gamma, sbg
from metrics.prediction.bgnbd import BgNbd
from metrics.prediction.gamma_gamma import GammaGamma
from metrics.prediction.sbg import Renewals, Sbg

GOLDEN = json.loads((Path(__file__).parent / "golden.json").read_text())
CDNOW = BgNbd(0.242593, 4.413532, 0.792886, 2.425754)


def cases(kpi: str) -> list[Any]:
    return [
        pytest.param(case["inputs"], case["expected"], id=case["case"])
        for case in GOLDEN
        if case["kpi"] == kpi
    ]


def row(inputs: dict[str, float]) -> tuple[np.ndarray, ...]:
    return tuple(np.array([float(inputs[name])]) for name in ("x", "tx", "T"))


def rates(inputs: dict[str, float]) -> BgNbd:
    return BgNbd(inputs["r"], inputs["alpha"], inputs["a"], inputs["b"])


@pytest.mark.parametrize(("inputs", "expected"), cases("bgnbd_loglik_row"))
def test_the_likelihood_of_one_customer_is_the_published_one(inputs: Any, expected: float) -> None:
    assert rates(inputs).log_likelihoods(*row(inputs))[0] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("inputs", "expected"), cases("bgnbd_alive"))
def test_the_chance_of_being_alive_is_the_published_one(inputs: Any, expected: float) -> None:
    assert rates(inputs).alive(*row(inputs))[0] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("inputs", "expected"), cases("bgnbd_conditional_expectation"))
def test_the_orders_to_come_are_the_published_ones(inputs: Any, expected: float) -> None:
    found = rates(inputs).expected_orders(inputs["t"], *row(inputs))[0]
    assert found == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(("inputs", "expected"), cases("bgnbd_expected_purchases"))
def test_the_orders_of_a_new_customer_are_the_published_ones(inputs: Any, expected: Any) -> None:
    assert CDNOW.expected_of_new(np.array(inputs["t"])) == pytest.approx(expected, abs=1e-3)


def test_the_share_without_an_order_is_the_published_one() -> None:
    """P(X(39) = 0), as in two other programs: 0.5737864."""
    model = BgNbd(0.243, 4.414, 0.793, 2.426)
    never = np.exp(model.log_likelihoods(np.zeros(1), np.zeros(1), np.array([39.0])))
    assert never[0] == pytest.approx(0.5737864, abs=1e-6)


def test_rates_are_found_again_in_customers_made_with_them() -> None:
    """6,000 customers drawn from the process itself; the true rates lie well within what so many can tell."""
    random, true = np.random.default_rng(7), BgNbd(0.8, 6.0, 0.8, 2.5)
    watched = random.uniform(20, 60, 6000)
    x, last = np.zeros(6000), np.zeros(6000)
    rate = random.gamma(true.r, 1 / true.alpha, 6000)
    leaving = random.beta(true.a, true.b, 6000)
    for each in range(6000):
        now = random.exponential(1 / rate[each])
        while now <= watched[each]:
            x[each], last[each] = x[each] + 1, now
            if random.random() < leaving[each]:
                break
            now += random.exponential(1 / rate[each])

    found = bgnbd.fit(x, last, watched)

    assert found.converged
    assert found.log_likelihood >= true.log_likelihoods(x, last, watched).sum() - 1e-3
    assert found.model.r == pytest.approx(true.r, rel=0.15)
    assert found.model.alpha == pytest.approx(true.alpha, rel=0.15)
    share = found.model.a / (found.model.a + found.model.b)
    assert share == pytest.approx(true.a / (true.a + true.b), rel=0.15)


@pytest.mark.parametrize(("inputs", "expected"), cases("gamma_gamma_expected_value"))
def test_the_mean_order_to_expect_is_the_published_one(inputs: Any, expected: Any) -> None:
    model = GammaGamma(inputs["p"], inputs["q"], inputs["gamma"])
    found = model.expected_value(np.array(inputs["x"], float), np.array(inputs["m"], float))
    assert found == pytest.approx(expected, abs=0.1)


def test_the_values_of_orders_are_found_again_in_customers_made_with_them() -> None:
    random, true = np.random.default_rng(11), GammaGamma(6.0, 4.0, 15.0)
    x = random.integers(1, 12, 8000).astype(float)
    mean = random.gamma(true.p * x, 1 / (random.gamma(true.q, 1 / true.gamma, 8000) * x))

    found = gamma_gamma.fit(x, mean)

    assert found.converged and abs(found.correlation) < 0.05
    everybody = np.zeros(1)
    assert found.model.expected_value(everybody, everybody)[0] == pytest.approx(6 * 15 / 3, rel=0.03)


@pytest.mark.parametrize(("inputs", "expected"), cases("sbg_survival"))
def test_survival_is_the_published_one(inputs: Any, expected: Any) -> None:
    found = Sbg(inputs["alpha"], inputs["beta"]).survival(np.arange(inputs["t"] + 1.0))
    assert found == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("inputs", "expected"), cases("sbg_fit"))
def test_renewals_are_fitted_as_published(inputs: Any, expected: Any) -> None:
    found = sbg.fit(Renewals.of_cohorts(inputs.get("cohorts") or [inputs["survivors"]]))
    assert found.converged
    loose = 0.01 if "cohorts" in inputs else 0.001
    assert found.model.alpha == pytest.approx(expected["alpha"], abs=loose)
    assert found.model.beta == pytest.approx(expected["beta"], abs=loose)
    if "log_likelihood" in expected:
        assert found.log_likelihood == pytest.approx(expected["log_likelihood"], abs=0.01)


@pytest.mark.parametrize(("inputs", "expected"), cases("sbg_loglik"))
def test_the_likelihood_of_renewals_is_the_published_one(inputs: Any, expected: float) -> None:
    found = Sbg(inputs["alpha"], inputs["beta"]).log_likelihood(Renewals.of_cohorts([inputs["survivors"]]))
    assert found == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(("inputs", "expected"), cases("sbg_derl"))
def test_the_years_still_to_come_are_the_published_ones(inputs: Any, expected: float) -> None:
    found = Sbg(inputs["alpha"], inputs["beta"]).residual_lifetime(inputs["n"], inputs["discount"])
    assert found == pytest.approx(expected, abs=1e-3)
