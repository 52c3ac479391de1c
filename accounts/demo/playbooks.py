"""What the demonstration company does when it is warned."""

from collections.abc import Iterator

from accounts.engagement.playbooks import Playbook, PlaybookStep, WarningKind

Who = PlaybookStep.Who
BOOKS: dict[str, tuple[str, tuple[tuple[str, str, int], ...]]] = {
    WarningKind.DETRACTOR: (
        "Close the loop",
        (
            ("Call and listen; promise nothing yet", Who.OWNER, 2),
            ("Agree internally on what we change", Who.LEAD, 7),
            ("Tell them what changed", Who.OWNER, 21),
        ),
    ),
    WarningKind.CHAMPION_LEFT: (
        "New champion",
        (
            ("Ask who takes over, and for an introduction", Who.OWNER, 3),
            ("Call the sponsor ourselves", Who.LEAD, 7),
            ("Redraw the map and its gaps", Who.OWNER, 14),
        ),
    ),
    WarningKind.NOTICE_NEAR: (
        "Open the renewal",
        (
            ("Open the renewal deal with what we know", Who.OWNER, 2),
            ("Show what was reached since the last signature", Who.OWNER, 14),
        ),
    ),
    WarningKind.REVENUE_DOWN: (
        "Revenue fell",
        (
            ("Find the products that are missing", Who.DEPUTY, 3),
            ("Ask the buyer what changed", Who.OWNER, 7),
        ),
    ),
}


def playbooks() -> Iterator[list[Playbook] | list[PlaybookStep]]:
    """The lists, then their tasks."""
    books = {kind: Playbook(kind=kind, name=name) for kind, (name, _) in BOOKS.items()}
    yield list(books.values())
    yield [
        PlaybookStep(playbook=books[kind], position=place, text=text, who=who, due_days=due)
        for kind, (_, steps) in BOOKS.items()
        for place, (text, who, due) in enumerate(steps, 1)
    ]
