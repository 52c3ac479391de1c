"""What the database refuses, whoever asks."""

import threading
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, connections, transaction

from accounts.models import Account, OpportunitySplit, Team, User
from tests.factories import make_account, make_opportunity, make_team, make_user


def check_now() -> None:
    """Deferred constraints are looked at when a transaction ends; tests never end theirs."""
    connection.check_constraints()


def test_shares_of_a_deal_that_add_up_to_one_are_taken(maya: User, omar: User) -> None:
    make_opportunity(make_account(), splits={maya: "0.3333", omar: "0.6667"})
    check_now()


@pytest.mark.parametrize("shares", [["0.5"], ["0.5", "0.6"], ["0.3333", "0.6666"]])
def test_shares_that_do_not_add_up_are_refused(shares: list[str], maya: User, omar: User) -> None:
    splits = dict(zip([maya, omar], shares, strict=False))
    with pytest.raises(IntegrityError, match="add up to 1"), transaction.atomic():
        make_opportunity(make_account(), splits=splits)
        check_now()


def test_removing_one_share_is_refused_and_removing_all_is_not(maya: User, omar: User) -> None:
    deal = make_opportunity(make_account(), splits={maya: "0.5", omar: "0.5"})
    check_now()
    with pytest.raises(IntegrityError), transaction.atomic():
        OpportunitySplit.objects.filter(user=maya).delete()
        check_now()
    deal.splits.all().delete()
    check_now()


def test_shares_change_together(maya: User, omar: User) -> None:
    deal = make_opportunity(make_account(), splits={maya: "0.5", omar: "0.5"})
    check_now()
    deal.splits.filter(user=maya).update(share=Decimal("0.2"))
    deal.splits.filter(user=omar).update(share=Decimal("0.8"))
    check_now()


def test_moving_a_share_to_another_deal_is_refused(maya: User, omar: User) -> None:
    one = make_opportunity(make_account(), splits={maya: "0.5", omar: "0.5"})
    two = make_opportunity(make_account())
    check_now()
    with pytest.raises(IntegrityError), transaction.atomic():
        one.splits.filter(user=maya).update(opportunity=two)
        check_now()


@pytest.mark.parametrize("make", [make_account, make_team])
def test_a_tree_without_a_loop_is_taken(make: object, db: None) -> None:
    top = make("Top")  # type: ignore[operator]
    middle = make("Middle", parent=top)  # type: ignore[operator]
    bottom = make("Bottom", parent=middle)  # type: ignore[operator]
    bottom.parent = top
    bottom.save()


@pytest.mark.parametrize("make", [make_account, make_team])
def test_a_loop_is_refused_by_form_and_database(make: object, db: None) -> None:
    top = make("Top")  # type: ignore[operator]
    middle = make("Middle", parent=top)  # type: ignore[operator]
    bottom = make("Bottom", parent=middle)  # type: ignore[operator]
    top.parent = bottom
    with pytest.raises(ValidationError, match="part of itself"):
        top.full_clean()
    with pytest.raises(IntegrityError, match="part of itself"), transaction.atomic():
        type(top).objects.filter(pk=top.pk).update(parent=bottom)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("model", [Account, Team])
def test_two_writers_at_once_make_no_loop(model: type[Account] | type[Team]) -> None:
    make = make_account if model is Account else make_team
    one, two = make("One"), make("Two")
    start = threading.Barrier(2)
    refused: list[Exception] = []

    def put(child: int, parent: int) -> None:
        try:
            with transaction.atomic():
                start.wait()
                model.objects.filter(pk=child).update(parent_id=parent)
        except Exception as fault:
            refused.append(fault)
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=put, args=(one.pk, two.pk)),
        threading.Thread(target=put, args=(two.pk, one.pk)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert model.objects.filter(parent__isnull=False).count() == 1


def test_an_e_mail_is_one_persons_whatever_its_case(db: None) -> None:
    make_user("One", email="one@kamplan.example")
    with pytest.raises(IntegrityError), transaction.atomic():
        make_user("Two", email="ONE@kamplan.example")
