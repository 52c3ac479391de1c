"""Who may see which scorecard, and which numbers on it; used by every page that shows figures."""

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import Http404

from accounts.models import Account, Organisation, Role, Team, User
from accounts.periods import Day
from kamplan.permissions import READS_EMPLOYEE_PANEL, Secret
from kamplan.permissions import may_see as may_see_secret
from metrics.kpi import Definition, Derived, Group, Kpi, RowKpi
from metrics.kpis import KPIS
from metrics.models import Scope
from metrics.recipes import RECIPES
from metrics.result import FEW, Key
from metrics.sources import SOURCE_OF
from metrics.sources.contracts import DUE_CONTRACTS, LIVE_CONTRACTS
from metrics.sources.value import MARGINS, SERVING, WALLET
from metrics.sources.voice import OPINIONS

SEGMENTS = frozenset({Scope.TIER, Scope.INDUSTRY, Scope.REGION, Scope.TARGET})
WHOLE = SEGMENTS | {Scope.COMPANY}


@dataclass(frozen=True)
class Place:
    """One scorecard: a scope and its key."""

    scope: str
    key: int | None


def sees_everything(user: User) -> bool:
    return user.role == Role.HEAD or (user.role == Role.ADMINISTRATOR and user.is_elevated)


def sees_every_account(user: User) -> bool:
    """Those who read rows of any account, and rows of none; what marketing may not read of them is kept out apart."""
    return sees_everything(user) or user.role == Role.MARKETING


def may_see(user: User, scope: str, key: int | None, today: Day | None = None) -> bool:
    """Whether this person may open the scorecard of this scope."""
    if not user.is_active:
        return False
    if scope == Scope.ACCOUNT:
        return key is not None and Account.objects.visible_to(user, today).filter(pk=key).exists()
    if sees_everything(user):
        return True
    if scope == Scope.OWNER and key == user.pk:
        return user.role in {Role.MANAGER, Role.LEAD}
    if user.role == Role.LEAD:
        return leads(user, scope, key, today)
    if user.role == Role.MARKETING:
        return scope in WHOLE
    if user.role == Role.VIEWER:
        return _is_granted(user, scope, key)
    return False


def leads(user: User, scope: str, key: int | None, today: Day | None) -> bool:
    """In one statement: is it a team below this person, or somebody who belongs to one today?"""
    if scope not in {Scope.TEAM, Scope.OWNER} or key is None:
        return False
    today = today or Organisation.current().today()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE below AS (
                SELECT id FROM accounts_team WHERE lead_id = %(user)s
                 UNION SELECT t.id FROM accounts_team t JOIN below ON t.parent_id = below.id)
            SELECT CASE WHEN %(scope)s = 'team' THEN EXISTS (SELECT 1 FROM below WHERE id = %(key)s)
                   ELSE EXISTS (SELECT 1 FROM accounts_membership m JOIN below ON below.id = m.team_id
                                 WHERE m.user_id = %(key)s AND m.during @> %(today)s::date) END
            """,
            {"user": user.pk, "scope": str(scope), "key": key, "today": today},
        )
        found: bool = cursor.fetchone()[0]
    return found


def _is_granted(user: User, scope: str, key: int | None) -> bool:
    """A grant of the company opens its teams and segments, one of a team the team; never a person's card."""
    if scope in WHOLE:
        return user.grants.filter(whole_company=True).exists()
    if scope == Scope.TEAM and key is not None:
        granted = Team.objects.filter(grants__viewer=user).with_sub_teams()
        return user.grants.filter(whole_company=True).exists() or granted.filter(pk=key).exists()
    return False


def seen_or_refused(user: User, scope: str, key: int | None, today: Day | None = None) -> None:
    """404 for a stranger; 403 for an administrator, who reads account content only while elevated."""
    if user.role == Role.ADMINISTRATOR and not user.is_elevated:
        raise PermissionDenied("Account content is read only during an elevation.")
    if not may_see(user, scope, key, today):
        raise Http404


def own_place(user: User) -> Place | None:
    """The scorecard that a person lands on; none for a viewer to whom nothing fitting is granted."""
    if user.role == Role.MANAGER:
        return Place(Scope.OWNER, user.pk)
    if user.role == Role.LEAD:
        first = Team.objects.filter(lead=user).order_by("name").first()
        return Place(Scope.TEAM, first.pk) if first else Place(Scope.OWNER, user.pk)
    if sees_every_account(user):
        return Place(Scope.COMPANY, None)
    if user.role == Role.VIEWER:
        if user.grants.filter(whole_company=True).exists():
            return Place(Scope.COMPANY, None)
        team = Team.objects.filter(grants__viewer=user).order_by("name").first()
        return Place(Scope.TEAM, team.pk) if team else None
    return None


# What customers cost us, what they leave over and what they are thought to spend is as secret as their contracts.
SECRETS: dict[str, Secret] = {
    **{source.name: Secret.CONTRACT_VALUE for source in (LIVE_CONTRACTS, DUE_CONTRACTS)},
    **{source.name: Secret.COST for source in (MARGINS, SERVING, WALLET)},
}
SECRET_TABLES: dict[str, Secret] = {"forecast": Secret.COST}
TELLING_KPIS: dict[str, Secret] = {"nps_mean": Secret.OPINION}
"""Of an account whose single person answered, the mean is what that person said."""
ANSWERS = frozenset(source.name for source in OPINIONS)


def secrets_of(kpi: Definition) -> frozenset[Secret]:
    """The kinds of amounts that enter the number and are not for everyone."""
    if isinstance(kpi, Derived):
        return frozenset().union(*(secrets_of(each.kpi) for each in kpi.of))
    if isinstance(kpi, RowKpi):
        tables = RECIPES[kpi.recipe_name].tables
        return frozenset(secret for table, secret in SECRET_TABLES.items() if table in tables)
    if kpi.id in TELLING_KPIS:
        return frozenset({TELLING_KPIS[kpi.id]})
    if not isinstance(kpi, Kpi):
        return frozenset()
    return frozenset(
        SECRETS[source.name]
        for part in kpi.parts()
        for leaf in part.expression.leaves()
        if leaf.measure.is_money and (source := SOURCE_OF[leaf.measure.name]).name in SECRETS
    )


SECRETS_OF: dict[str, frozenset[Secret]] = {kpi.id: secrets_of(kpi) for kpi in KPIS}


def tells_answers(kpi: Definition) -> bool:
    """Made of answers to surveys: at an account there are so few that each says what somebody thinks."""
    return isinstance(kpi, Kpi) and any(
        SOURCE_OF[leaf.measure.name].name in ANSWERS
        for part in kpi.parts()
        for leaf in part.expression.leaves()
    )


ANSWER_KPIS = frozenset(kpi.id for kpi in KPIS if tells_answers(kpi))


def may_see_kpi(user: User, kpi: Definition, scope: str = "") -> bool:
    """What our own people said is for those who may read the employee panel; what a customer's few people said, for
    those who may read opinions."""
    if kpi.group == Group.PEOPLE and user.role not in READS_EMPLOYEE_PANEL:
        return False
    if scope == Scope.ACCOUNT and not tells_to(user, kpi):
        return False
    return all(may_see_secret(user, secret) for secret in SECRETS_OF[kpi.id])


def tells_to(reader: User | None, kpi: Definition) -> bool:
    """Whether this person may see the number even where few people said it; a run or a command reads for nobody."""
    return reader is None or kpi.id not in ANSWER_KPIS or may_see_secret(reader, Secret.OPINION)


def hidden_groups(counts: dict[Key, int]) -> set[Key]:
    """Which groups of one grouping are not told, by how many people answered in each: those of few, and with them the
    next smallest where the company less all others would tell what fewer than five said."""
    hidden = {key for key, count in counts.items() if 0 < count < FEW}
    others = [key for key, count in counts.items() if count >= FEW]
    if hidden and others and sum(counts[key] for key in hidden) < FEW:
        hidden.add(min(others, key=lambda key: (counts[key], key is None, key or 0)))
    return hidden


def visible_kpis(user: User, scope: str = "") -> tuple[Definition, ...]:
    """Every number whose inputs this person may see, there."""
    return tuple(kpi for kpi in KPIS if may_see_kpi(user, kpi, scope))
