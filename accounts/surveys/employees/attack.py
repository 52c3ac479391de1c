"""What somebody could work out about a few people by adding and subtracting published groups.

Pure sets, no database: the release asks it about the groups it is about to show, the tests about those it showed.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations
from random import Random

People = frozenset[int]

# A prime beyond 2**60: sums that are not zero are zero modulo it once in 10**18 times.
PRIME = (1 << 61) - 1


def found(shown: Iterable[People], k: int) -> People | None:
    """Fewer than k people whose sum follows from the sums of these groups; nothing if there are none."""
    groups = sorted({group for group in shown if group}, key=lambda group: (len(group), sorted(group)))
    return by_pair(groups, k) or by_rank(groups, k)


def by_pair(groups: Sequence[People], k: int) -> People | None:
    """One group, or what is left of a group without a smaller one inside it."""
    for small, large in combinations(groups, 2):
        if small < large and len(large - small) < k:
            return large - small
    return next((group for group in groups if len(group) < k), None)


def by_rank(groups: Sequence[People], k: int) -> People | None:
    """Any linear combination of the groups.

    People who are in the same groups cannot be told apart: they are an atom. A set of atoms can be worked
    out exactly if it is orthogonal to every vector that all groups are orthogonal to. One random vector of
    that space stands for all of them, so that a set of atoms is found by their numbers adding up to zero.
    """
    atoms = atoms_of(groups)
    numbers = orthogonal(groups, atoms)
    small = [(number, atom) for number, atom in zip(numbers, atoms, strict=True) if len(atom) < k]
    return zero_sum(small, k)


def atoms_of(groups: Sequence[People]) -> list[People]:
    """The people who are in exactly the same groups, in an order that does not depend on their numbers."""
    places: defaultdict[int, list[int]] = defaultdict(list)
    for index, group in enumerate(groups):
        for person in group:
            places[person].append(index)
    atoms: defaultdict[tuple[int, ...], set[int]] = defaultdict(set)
    for person, inside in places.items():
        atoms[tuple(inside)].add(person)
    return [frozenset(atoms[inside]) for inside in sorted(atoms)]


def orthogonal(groups: Sequence[People], atoms: Sequence[People]) -> list[int]:
    """A random vector over the atoms, modulo the prime, that is orthogonal to every group."""
    rows = [[int(atom <= group) for atom in atoms] for group in groups]
    pivots = reduce_rows(rows)
    # The seed is fixed: the same answers give the same release.
    random = Random(20_261_122)
    vector = [0 if place in pivots else random.randrange(1, PRIME) for place in range(len(atoms))]
    for place, row in pivots.items():
        vector[place] = (
            -sum(rows[row][other] * vector[other] for other in range(len(atoms)) if other != place) % PRIME
        )
    return vector


def reduce_rows(rows: list[list[int]]) -> dict[int, int]:
    """Gauss and Jordan, in place, modulo the prime; which column is led by which row."""
    pivots: dict[int, int] = {}
    for column in range(len(rows[0]) if rows else 0):
        at = len(pivots)
        lead = next((index for index in range(at, len(rows)) if rows[index][column]), None)
        if lead is None:
            continue
        rows[at], rows[lead] = rows[lead], rows[at]
        inverse = pow(rows[at][column], -1, PRIME)
        rows[at] = [value * inverse % PRIME for value in rows[at]]
        for index, row in enumerate(rows):
            if index != at and (factor := row[column]):
                rows[index] = [(a - factor * b) % PRIME for a, b in zip(row, rows[at], strict=True)]
        pivots[column] = at
    return pivots


def zero_sum(numbered: Sequence[tuple[int, People]], k: int) -> People | None:
    """Up to four atoms of fewer than k people together whose numbers add up to zero.

    For k = 5 these are all sets there are; a larger k is tried with four atoms at a time, too."""
    pairs: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for number, atom in numbered:
        if number == 0:
            return atom
    for a, b in combinations(range(len(numbered)), 2):
        if len(numbered[a][1]) + len(numbered[b][1]) < k:
            pairs[(numbered[a][0] + numbered[b][0]) % PRIME].append((a, b))
    singles: defaultdict[int, list[int]] = defaultdict(list)
    for index, (number, _) in enumerate(numbered):
        singles[number].append(index)
    for total, members in pairs.items():
        opposite = -total % PRIME
        others: list[tuple[int, ...]] = [()] if total == 0 else []
        others += [(index,) for index in singles.get(opposite, ())]
        others += pairs.get(opposite, ())
        for pair in members:
            for other in others:
                chosen = {*pair, *other}
                people = frozenset().union(*(numbered[index][1] for index in chosen))
                if len(chosen) == 2 + len(other) and len(people) < k:
                    return people
    return None
