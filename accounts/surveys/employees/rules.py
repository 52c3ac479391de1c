"""Which groups of a closed wave may be shown: pure functions over the answers, no database.

Shown are the company and one-way tables, never crossed. A group stays hidden if fewer than k people answered, if
its figure would say what each of them answered, or if it differs by a few people from what an earlier wave showed.
What hidden groups have in common with the sums is then protected too: together they hold k answers or the next
smallest is hidden as well, and at last an attack runs on everything about to be shown until it finds nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from accounts.surveys.employees import attack
from accounts.surveys.employees.attack import People

FAVOURABLE = 4
PROMOTER, PASSIVE = 9, 7
SMALLEST = 5
SMALLEST_FOR_COMMENTS = 10


class Dimension(StrEnum):
    COMPANY = "company"
    TEAM = "team"
    SITE = "site"
    TENURE = "tenure"


class Hidden(StrEnum):
    """Why a group is hidden. One word for every kind of protection: a finer one would itself tell something."""

    FEW = "few"
    PROTECT = "protect"


Group = tuple[str, str]
"""A dimension and a label of it."""
COMPANY: Group = (Dimension.COMPANY, "")


@dataclass(frozen=True)
class Sums:
    """What is published of a group: never single scores."""

    n: int
    favourable: int
    unfavourable: int
    total: int


def sums_of_scale(scores: Iterable[int]) -> Sums:
    given = list(scores)
    good = sum(score >= FAVOURABLE for score in given)
    return Sums(len(given), good, len(given) - good, sum(given))


def sums_of_enps(scores: Iterable[int]) -> Sums:
    """Promoters are favourable, detractors are not, the rest stands between."""
    given = list(scores)
    good, bad = sum(score >= PROMOTER for score in given), sum(score < PASSIVE for score in given)
    return Sums(len(given), good, bad, sum(given))


def share_favourable(sums: Sums) -> float | None:
    return 100 * sums.favourable / sums.n if sums.n else None


def net_promoters(sums: Sums) -> float | None:
    return 100 * (sums.favourable - sums.unfavourable) / sums.n if sums.n else None


@dataclass(frozen=True)
class Scale:
    """How the answers to one question are summed, and when their sum says too much."""

    sums: Callable[[Iterable[int]], Sums]

    def is_uniform(self, scores: Sequence[int]) -> bool:
        """Everybody gave the same score, or nobody a favourable one."""
        return bool(scores) and (len(set(scores)) == 1 or self.sums(scores).unfavourable == len(scores))


AGREEMENT = Scale(sums_of_scale)
RECOMMENDATION = Scale(sums_of_enps)


@dataclass
class Question:
    """The people who answered one question, in which groups they are, and what is decided about the groups.

    Without scores it is about who took part, and only numbers of people count."""

    groups: Mapping[Group, People]
    scores: Mapping[int, int] | None
    scale: Scale
    k: int
    clashes: Callable[[frozenset[Group]], bool]
    """Whether these groups together differ by a few people from what an earlier wave showed."""
    hidden: dict[Group, Hidden] = field(default_factory=dict)

    @property
    def everybody(self) -> People:
        return self.groups[COMPANY]

    def tells_too_much(self, people: People) -> bool:
        if self.scores is None:
            return False
        return self.scale.is_uniform(sorted(self.scores[person] for person in people))

    def shown(self) -> list[Group]:
        return [group for group in self.groups if group not in self.hidden]

    def decide(self) -> dict[Group, Hidden]:
        """The hidden groups with their reason; every other one is shown."""
        if len(self.everybody) < self.k:
            return dict.fromkeys(self.groups, Hidden.FEW)
        if self.clashes(frozenset({COMPANY})) or self.tells_too_much(self.everybody):
            few = {group for group, people in self.groups.items() if len(people) < self.k}
            return {group: Hidden.FEW if group in few else Hidden.PROTECT for group in self.groups}
        for group, people in self.groups.items():
            if len(people) < self.k:
                self.hidden[group] = Hidden.FEW
            elif self.clashes(frozenset({group})) or self.tells_too_much(people):
                self.hidden[group] = Hidden.PROTECT
        self.protect_remainders()
        while self.is_open_to_attack():
            self.hide_smallest(group for group in self.shown() if group != COMPANY)
            self.protect_remainders()
        return self.hidden

    def protect_remainders(self) -> None:
        """In each dimension: what is hidden is hidden together with enough others, or with nothing at all."""
        for dimension in dict.fromkeys(dimension for dimension, _ in self.groups):
            inside = [group for group in self.groups if group[0] == dimension and group != COMPANY]
            while self.is_bare([group for group in inside if group in self.hidden]):
                if not self.hide_smallest(group for group in inside if group not in self.hidden):
                    break

    def is_bare(self, hidden: Sequence[Group]) -> bool:
        """The sum less everything shown leaves these hidden ones: too few, or too much alike."""
        rest = frozenset().union(*(self.groups[group] for group in hidden)) if hidden else frozenset()
        return bool(hidden) and (
            len(rest) < self.k or self.tells_too_much(rest) or self.clashes(frozenset(hidden))
        )

    def hide_smallest(self, candidates: Iterable[Group]) -> bool:
        smallest = min(candidates, key=lambda group: (len(self.groups[group]), group), default=None)
        if smallest is not None:
            self.hidden[smallest] = Hidden.PROTECT
        return smallest is not None

    def is_open_to_attack(self) -> bool:
        shown = [self.groups[group] for group in self.shown()]
        if len(shown) <= 1:
            return False
        known = {*shown, *self.remainders()}
        left = [large - small for small in known for large in known if small < large]
        return attack.found(shown, self.k) is not None or any(map(self.tells_too_much, left))

    def remainders(self) -> list[People]:
        """Of each dimension those in hidden groups, all together: everybody can subtract."""
        rest: defaultdict[str, set[int]] = defaultdict(set)
        for group in self.hidden:
            rest[group[0]] |= self.groups[group]
        return [frozenset(people) for people in rest.values() if people]


def groups_of(labels: Mapping[int, Mapping[str, str]], known: Iterable[Group] = ()) -> dict[Group, People]:
    """The people by the company and by each of their labels; `known` groups are there also without anybody."""
    members: defaultdict[Group, set[int]] = defaultdict(set)
    for group in known:
        members[group] = set()
    members[COMPANY] = set(labels)
    for person, theirs in labels.items():
        for dimension, label in theirs.items():
            members[dimension, label].add(person)
    return {group: frozenset(members[group]) for group in sorted(members)}


def decide(
    labels: Mapping[int, Mapping[str, str]],
    scores: Mapping[int, int] | None,
    k: int,
    *,
    scale: Scale = AGREEMENT,
    known: Iterable[Group] = (),
    clashes: Callable[[frozenset[Group]], bool] = lambda groups: False,
) -> dict[Group, Hidden]:
    """Which groups of those who answered a question are hidden, and why."""
    return Question(groups_of(labels, known), scores, scale, k, clashes).decide()


def differ_by_few(now: Collection[Hashable], then: Collection[Hashable], k: int) -> bool:
    """Two sums of nearly the same people give away the few by whom they differ.

    None stands for people whose rows are gone: whether they are in both nobody knows, so the worst is taken."""
    both = {*now, *then}
    apart = (set(now) ^ set(then)) - {None}
    return len(apart) < k and (bool(apart) or None in both)
