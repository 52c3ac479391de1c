"""Formulas of numbers made of numbers: whatever stands in them, they give a value or none, never a fault."""

from decimal import Decimal
from itertools import product

import pytest

from metrics.kpi import Derived
from metrics.kpis import KPIS
from metrics.kpis.value import lifetime

DERIVED = [kpi for kpi in KPIS if isinstance(kpi, Derived)]


@pytest.mark.parametrize("kpi", DERIVED, ids=lambda kpi: kpi.id)
def test_no_value_breaks_a_formula(kpi: Derived) -> None:
    """Nothing, all, one and less than nothing of each input, and of what is assumed nothing and five."""
    ends = [Decimal(each) for each in (0, 100, 1, -7)]
    assumed = [(Decimal(10), Decimal(years)) for years in (0, 5)] if kpi.assumed else [()]
    for values in product(ends, repeat=len(kpi.of)):
        for more in assumed:
            found = kpi.formula(*values, *more)
            assert found is None or Decimal(found).is_finite(), (values, more)


@pytest.mark.parametrize("years", [0, 5])
def test_where_everybody_is_lost_a_new_customer_pays_once_and_a_present_one_never_again(years: int) -> None:
    # 50 orders of 100 a year; 40 % margin less 10 % to serve leaves 1,500 of 5,000.
    inputs = [Decimal(each) for each in (100, 50, 40, 90, 100, 10, years)]
    assert (lifetime(0)(*inputs), lifetime(1)(*inputs)) == (1500, 0)
