"""Which groups a release shows: worked examples, and an attacker of its own over 200 made-up organisations."""

import json
from collections.abc import Iterable
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from random import Random

import pytest

from accounts.surveys.employees import attack, rules
from accounts.surveys.employees.rules import AGREEMENT, COMPANY, RECOMMENDATION, Group, Hidden

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text())


def cases(kpi: str, *names: str) -> list[dict]:
    return [case for case in GOLDEN if case["kpi"] == kpi and set(names) <= set(case["inputs"])]


def teams(sizes: dict[str, int]) -> dict[int, dict[str, str]]:
    """People by number, with the team they are in."""
    names = [name for name, size in sizes.items() for _ in range(size)]
    return {person: {"team": name} for person, name in enumerate(names)}


def mixed(people: Iterable[int]) -> dict[int, int]:
    """Scores that are never all the same."""
    return {person: (2, 5, 4)[person % 3] for person in people}


def is_shown(hidden: dict[Group, Hidden], team: str) -> bool:
    return ("team", team) not in hidden


@pytest.mark.parametrize("case", cases("employee_satisfaction", "groups"), ids=lambda case: case["case"])
def test_groups_are_shown_as_in_the_worked_examples(case: dict) -> None:
    labels = teams(case["inputs"]["groups"])
    hidden = rules.decide(labels, mixed(labels), case["inputs"]["k"])
    assert {team: is_shown(hidden, team) for team in case["inputs"]["groups"]} == case["expected"]


@pytest.mark.parametrize("case", cases("employee_satisfaction", "answers"), ids=lambda case: case["case"])
def test_the_share_of_favourable_answers_is_that_of_the_worked_examples(case: dict) -> None:
    scores = dict(enumerate(case["inputs"]["answers"]))
    hidden = rules.decide(dict.fromkeys(scores, {}), scores, case["inputs"]["k"])
    share = None if COMPANY in hidden else rules.share_favourable(rules.sums_of_scale(scores.values()))
    assert share == case["expected"]


def test_the_net_promoters_are_those_of_the_worked_example() -> None:
    (case,) = cases("enps")
    sums = rules.sums_of_enps(case["inputs"]["scores"])
    assert rules.net_promoters(sums) == pytest.approx(case["expected"])


def test_the_reason_names_the_small_group_and_not_why_another_one_is_protected() -> None:
    labels = teams({"North": 12, "South": 7, "Board": 1})
    hidden = rules.decide(labels, mixed(labels), 5)
    assert hidden == {("team", "Board"): Hidden.FEW, ("team", "South"): Hidden.PROTECT}


def test_a_group_of_one_opinion_is_hidden_and_cannot_be_had_by_subtraction() -> None:
    labels = teams({"North": 8, "South": 6, "West": 9})
    scores = mixed(labels) | dict.fromkeys(range(8, 14), 4)
    hidden = rules.decide(labels, scores, 5)
    assert hidden == {("team", "South"): Hidden.PROTECT, ("team", "North"): Hidden.PROTECT}


def test_what_one_group_leaves_of_another_may_not_be_of_one_opinion_either() -> None:
    """Six people of site X are not in team A, and all of them said 4: X less A would say so."""
    labels = {p: {"team": "A" if p < 10 else "B", "site": "X" if p < 16 else "Y"} for p in range(30)}
    scores = mixed(labels) | dict.fromkeys(range(10, 16), 4)
    hidden = rules.decide(labels, scores, 5)
    assert ("team", "A") in hidden or ("site", "X") in hidden
    assert COMPANY not in hidden


@pytest.mark.parametrize(("scale", "scores"), [(AGREEMENT, (1, 2, 3)), (RECOMMENDATION, (0, 3, 6))])
def test_a_group_without_a_favourable_answer_is_hidden(scale: rules.Scale, scores: tuple[int, ...]) -> None:
    labels = teams({"North": 8, "South": 6, "West": 9})
    answers = dict.fromkeys(labels, 10 if scale is RECOMMENDATION else 5) | {0: 3, 15: 3}
    answers |= {person: scores[person % 3] for person in range(8, 14)}
    assert ("team", "South") in rules.decide(labels, answers, 5, scale=scale)


def test_fewer_answers_than_k_hide_everything() -> None:
    labels = teams({"North": 3, "South": 1})
    hidden = rules.decide(labels, mixed(labels), 5)
    assert set(hidden.values()) == {Hidden.FEW} and COMPANY in hidden


def test_a_team_in_which_nobody_answered_is_no_exception() -> None:
    labels = teams({"North": 12, "South": 7, "West": 6})
    hidden = rules.decide(labels, mixed(labels), 5, known=[("team", "Board")])
    assert hidden == {("team", "Board"): Hidden.FEW, ("team", "West"): Hidden.PROTECT}


def test_a_group_that_clashes_with_an_earlier_wave_is_not_left_alone_to_be_worked_out() -> None:
    labels = teams({"North": 12, "South": 7, "West": 6})
    south = frozenset({("team", "South")})
    # South's seven are what North and West leave of everybody: so West is hidden, too.
    hidden = rules.decide(labels, mixed(labels), 5, clashes=lambda groups: groups == south)
    assert hidden == {("team", "South"): Hidden.PROTECT, ("team", "West"): Hidden.PROTECT}


def test_if_everybody_clashes_with_an_earlier_wave_nothing_is_shown() -> None:
    labels = teams({"North": 12, "South": 7})
    hidden = rules.decide(labels, mixed(labels), 5, clashes=lambda groups: groups == {COMPANY})
    assert set(hidden) == set(rules.groups_of(labels))


@pytest.mark.parametrize(
    ("now", "then", "few"),
    [
        (range(10), range(10), False),
        (range(11), range(10), True),
        (range(1, 11), range(10), True),
        (range(4, 14), range(10), False),
        (range(15), range(10), False),
        # Somebody's row is gone: whether they are the same person nobody knows.
        ([*range(9), None], [*range(9), None], True),
    ],
)
def test_two_waves_may_not_differ_by_one_to_four_people(now: list, then: list, few: bool) -> None:
    assert rules.differ_by_few(now, then, 5) is few


# ------------------------------------------------------------------------------------------ the attacker


def null_space(rows: list[list[int]], width: int) -> list[list[Fraction]]:
    """Exactly, in fractions: another way than the one the product goes."""
    table = [[Fraction(value) for value in row] for row in rows]
    pivots: list[int] = []
    for column in range(width):
        at = len(pivots)
        lead = next((i for i in range(at, len(table)) if table[i][column]), None)
        if lead is None:
            continue
        table[at], table[lead] = table[lead], table[at]
        table[at] = [value / table[at][column] for value in table[at]]
        for i, row in enumerate(table):
            if i != at and row[column]:
                table[i] = [a - row[column] * b for a, b in zip(row, table[at], strict=True)]
        pivots.append(column)
    basis = []
    for free in set(range(width)) - set(pivots):
        vector = [Fraction(0)] * width
        vector[free] = Fraction(1)
        for row, column in enumerate(pivots):
            vector[column] = -table[row][free]
        basis.append(vector)
    return basis


def recoverable(shown: list[frozenset[int]], cells: list[frozenset[int]], k: int) -> list[frozenset[int]]:
    """Every union of crossed cells (team and site and tenure) of fewer than k people that follows from the sums."""
    if not shown:
        return []
    basis = null_space([[int(cell <= group) for cell in cells] for group in shown], len(cells))
    columns = [tuple(vector[i] for vector in basis) for i in range(len(cells))]
    small = [i for i, cell in enumerate(cells) if len(cell) < k]
    found = []
    for size in range(1, k):
        for chosen in combinations(small, size):
            people = frozenset().union(*(cells[i] for i in chosen))
            if len(people) < k and not any(map(sum, zip(*(columns[i] for i in chosen), strict=True))):
                found.append(people)
    return found


def an_organisation(random: Random, people: int) -> dict[int, dict[str, str]]:
    """Teams of uneven size, sites that nearly follow the teams, tenure by chance."""
    teams = random.randint(2, 6)
    sites = random.randint(1, 3)
    weights = [random.random() + 0.05 for _ in range(teams)]
    labels = {}
    for person in range(people):
        (team,) = random.choices(range(teams), weights)
        site = team % sites if random.random() < 0.9 else random.randrange(sites)
        labels[person] = {"team": f"T{team}", "site": f"S{site}", "tenure": random.choice("abc")}
    return labels


@pytest.mark.parametrize("seed", range(4))
def test_nobody_finds_a_group_under_k_by_subtracting_in_50_organisations(seed: int) -> None:
    random = Random(seed)
    shown_groups = 0
    for _ in range(50):
        labels = an_organisation(random, random.choice((8, 12, 18, 24, 40)))
        scores = {person: random.choice((1, 2, 3, 4, 4, 5)) for person in labels}
        hidden = rules.decide(labels, scores, 5)
        groups = rules.groups_of(labels)
        shown = [people for group, people in groups.items() if group not in hidden]
        crossed: dict[tuple[str, ...], set[int]] = {}
        for person, theirs in labels.items():
            crossed.setdefault(tuple(theirs.values()), set()).add(person)
        cells = [frozenset(people) for people in crossed.values()]
        assert recoverable(shown, cells, 5) == []
        assert all(len({scores[person] for person in group}) > 1 for group in shown)
        shown_groups += len(shown)
    assert shown_groups > 100, "a release that shows nothing is safe and of no use"


def test_without_the_gate_the_attacker_would_have_found_somebody() -> None:
    """The attacker is no strawman: two groups that may both be shown alone give three people away together."""
    labels = {p: {"team": "A" if p < 10 else "B", "site": "X" if p < 13 else "Y"} for p in range(30)}
    groups = rules.groups_of(labels)
    cells = [frozenset(range(10)), frozenset(range(10, 13)), frozenset(range(13, 30))]
    assert recoverable(list(groups.values()), cells, 5) == [frozenset({10, 11, 12})]
    hidden = rules.decide(labels, mixed(labels), 5)
    assert recoverable([g for name, g in groups.items() if name not in hidden], cells, 5) == []


def test_a_difference_of_many_small_parts_is_found_where_k_is_larger() -> None:
    """Six people whom other groups tell apart, left by one subtraction; k is 8."""
    small, large = frozenset(range(20)), frozenset(range(26))
    others = [frozenset({person, *range(100 * person, 100 * person + 10)}) for person in range(20, 26)]
    assert attack.found([small, large, *others], 8) == frozenset(range(20, 26))


def test_who_is_which_number_changes_nothing() -> None:
    random = Random(5)
    for _ in range(20):
        labels = an_organisation(random, 24)
        scores = {person: random.choice((1, 3, 4, 5)) for person in labels}
        order = random.sample(range(24), 24)
        again = rules.decide(
            {order[p]: theirs for p, theirs in labels.items()}, {order[p]: s for p, s in scores.items()}, 5
        )
        assert again == rules.decide(labels, scores, 5)
