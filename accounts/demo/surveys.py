"""What the demonstration company asked its customers, and what they said. All made up."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

from accounts.demo import cast, plot
from accounts.demo.calendar import Calendar, dice, weekday
from accounts.demo.cast import Firm
from accounts.demo.people import People
from accounts.demo.portfolio import Portfolio
from accounts.engagement.models import Action
from accounts.people.models import User
from accounts.stakeholders.models import Contact
from accounts.surveys.answering import DAYS_TO_TALK, is_low
from accounts.surveys.models import Answer, AnswerItem, SurveyInvitation, Wave
from accounts.surveys.questions import (
    SATISFIED_FROM_OF_FIVE,
    Question,
    QuestionText,
    Survey,
    SurveyText,
)
from accounts.surveys.ready import READY, question_text, text_of

Day = datetime.date
DAYS_OPEN = 21


class Round(NamedTuple):
    """A wave: its questionnaire, begun so many days ago, by whom, at whose accounts (empty: everybody's)."""

    survey: str
    name: str
    ago: int
    by: str
    team: str = ""


RELATION, SERVICE = "Working together", "After the service visit"
ROUNDS = (
    Round(RELATION, "Working together, spring a year ago", 560, cast.HEAD),
    Round(RELATION, "Working together, autumn a year ago", 376, cast.HEAD),
    Round(RELATION, "Working together, spring", 194, cast.HEAD),
    Round(SERVICE, "After the service visit, summer", 118, "Sabine Keller", cast.SOUTH),
    Round(RELATION, "Working together, autumn", 11, cast.HEAD),
)
GOOD = (
    "The service technician knows our plant better than some of our own people.",
    "You call before there is a problem, not after it.",
    "Clear figures every quarter. Our board reads them.",
    "One person who answers, and who decides.",
    "The retrofit ran from the first day on.",
    "Honest about what you cannot do.",
)
FAIR = (
    "Good work, but spare parts take too long.",
    "Fine overall. Offers could come faster.",
    "We would like to see more of your ideas, not only when the contract ends.",
    "Good people, complicated invoices.",
)
BAD = (
    "Two deliveries late in a row, and nobody told us.",
    "Since the change of our contact we explain everything twice.",
    "Too expensive for what we get, and the price rise came without a word.",
    "The portal was down for three days during our audit.",
)


@dataclass
class Surveys:
    calendar: Calendar
    portfolio: Portfolio
    people: People
    surveys: dict[str, Survey] = field(default_factory=dict)
    texts: list[SurveyText] = field(default_factory=list)
    questions: dict[str, list[Question]] = field(default_factory=dict)
    words: list[QuestionText] = field(default_factory=list)
    waves: list[Wave] = field(default_factory=list)
    invitations: list[SurveyInvitation] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    items: list[AnswerItem] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._survey(RELATION, Survey.Kind.RELATIONSHIP, cast.HEAD)
        self._survey(SERVICE, Survey.Kind.CSAT5, "Sabine Keller")
        self._survey("Would you speak for us?", Survey.Kind.REFERENCE, cast.JANA)
        for each in ROUNDS:
            self._round(each)
        self.waves.append(
            Wave(
                survey=self.surveys["Would you speak for us?"],
                name="References for the trade fair",
                created_by=self._user(cast.JANA),
                rest_days=10,
                remind_after=[7],
                key_only=True,
                created_at=self._moment(self.calendar.today, 9),
            )
        )

    def batches(self) -> Iterator[Sequence[Any]]:
        yield list(self.surveys.values())
        yield self.texts
        yield [question for questions in self.questions.values() for question in questions]
        yield self.words
        yield self.waves
        yield self.invitations
        yield self.answers
        yield self.items
        yield self.actions

    def _user(self, name: str) -> User:
        return self.portfolio.staff.users[name]

    def _moment(self, day: Day, hour: int, minute: int = 0) -> datetime.datetime:
        return datetime.datetime.combine(day, datetime.time(hour, minute), tzinfo=datetime.UTC)

    def _survey(self, name: str, kind: str, by: str) -> None:
        ready = READY[kind]
        survey = Survey(name=name, kind=kind, created_by=self._user(by))
        self.surveys[name] = survey
        self.texts += [
            SurveyText(survey=survey, language=language, **text_of(words))
            for language, words in ready.around.items()
        ]
        made = [
            Question(survey=survey, position=position, kind=ask.kind, required=ask.required)
            for position, ask in enumerate(ready.asks, start=1)
        ]
        self.questions[name] = made
        self.words += [
            question_text(question, language, words)
            for question, ask in zip(made, ready.asks, strict=True)
            for language, words in ask.words.items()
        ]

    # --- one wave

    def _round(self, each: Round) -> None:
        day = weekday(self.calendar.in_days(-each.ago))
        opened = self._moment(day, 7)
        closes = opened + datetime.timedelta(days=DAYS_OPEN)
        is_over = closes.date() < self.calendar.today
        wave = Wave(
            survey=self.surveys[each.survey],
            name=each.name,
            state=Wave.State.CLOSED if is_over else Wave.State.OPEN,
            opens_at=opened,
            closes_at=closes,
            closed_at=closes if is_over else None,
            days_open=DAYS_OPEN,
            remind_after=[7],
            created_by=self._user(each.by),
            created_at=opened - datetime.timedelta(days=3),
        )
        self.waves.append(wave)
        members = {person.name for person in cast.PEOPLE if person.team == each.team}
        for firm in cast.FIRMS:
            if not each.team or self.portfolio.owner_on(firm, day) in members:
                self._firm(wave, firm, day)

    def _firm(self, wave: Wave, firm: Firm, day: Day) -> None:
        gone = firm.name in plot.LOST and day > self.calendar.month(plot.LOST[firm.name])
        if firm.name in plot.PROSPECTS or gone:
            return
        for contact in self.people.of[firm.name]:
            if contact.email and contact.since < day:
                self._ask(wave, firm, contact, dice("survey", wave.name, firm.name, contact.name))

    def _ask(self, wave: Wave, firm: Firm, contact: Contact, random: Random) -> None:
        opened: Any = wave.opens_at
        invitation = SurveyInvitation(
            wave=wave,
            account=contact.account,
            contact=contact,
            language="de" if contact.language == "de" else "en",
            invited_at=opened,
            delivered_at=opened + datetime.timedelta(minutes=random.randint(1, 9)),
        )
        self.invitations.append(invitation)
        if random.random() < 0.02:
            invitation.bounced_at = opened + datetime.timedelta(minutes=12)
            return
        latest = min(DAYS_OPEN, (self.calendar.today - opened.date()).days) - 1
        after = int(random.expovariate(0.35))
        if random.random() < 0.47 and after <= latest:
            self._answer(
                invitation, firm, opened + datetime.timedelta(days=after, hours=random.randint(1, 8))
            )
        if invitation.answered_at is None and latest >= 7:
            invitation.reminders = 1

    def _answer(self, invitation: SurveyInvitation, firm: Firm, at: datetime.datetime) -> None:
        random = dice("answer", invitation.wave.name, firm.name, invitation.contact)
        invitation.answered_at = at
        answer = Answer(
            account=invitation.account,
            contact=invitation.contact,
            survey=invitation.wave.survey,
            wave=invitation.wave,
            invitation=invitation,
            answered_at=at,
        )
        self.answers.append(answer)
        mark = self._mark(firm, invitation, random)
        made = [
            item
            for question in self.questions[invitation.wave.survey.name]
            if (item := self._item(answer, question, mark, random)) is not None
        ]
        self.items += made
        if is_low(made):
            self._loop(answer, firm, at.date(), random)

    def _mark(self, firm: Firm, invitation: SurveyInvitation, random: Random) -> int:
        """0 to 10: each account has its own level, and those about to leave are the coldest."""
        level = 8.2 + dice("level", firm.name).gauss(0, 0.8)
        if firm.name in plot.LOST:
            level -= 3
        return max(0, min(10, round(random.gauss(level, 1.5))))

    def _item(self, answer: Answer, question: Question, mark: int, random: Random) -> AnswerItem | None:
        item = AnswerItem(answer=answer, question=question, kind=question.kind)
        if question.kind == Question.Kind.TEXT:
            said = GOOD if mark >= 9 else FAIR if mark >= 7 else BAD
            item.text = random.choice(said) if random.random() < 0.55 else ""
            return item if item.text else None
        if question.kind == Question.Kind.NPS:
            item.score = mark
            return item
        item.score = max(1, min(5, round(mark / 2 + random.gauss(0, 0.6))))
        if question.kind == Question.Kind.CSAT5:
            item.satisfied = item.score >= SATISFIED_FROM_OF_FIVE
        return item

    def _loop(self, answer: Answer, firm: Firm, day: Day, random: Random) -> None:
        """Somebody talked with them, mostly in time; what is fresh is still to be done."""
        due = day + datetime.timedelta(days=DAYS_TO_TALK)
        owner = self.portfolio.staff.users.get(self.portfolio.owner_on(firm, day))
        talked = weekday(due + datetime.timedelta(days=random.choice((-1, 0, 0, 3, 6))))
        talked = max(talked, day)
        is_open = talked >= self.calendar.today or owner is None
        whom = answer.contact.name if answer.contact else firm.name
        self.actions.append(
            Action(
                account=answer.account,
                contact=answer.contact,
                text=f"Talk with {whom} about their survey answer",
                owner=owner,
                due_on=due,
                first_due_on=due,
                status=Action.Status.OPEN if is_open else Action.Status.DONE,
                closed_on=None if is_open else talked,
                closed_by=None if is_open else owner,
                answer=answer,
                created_at=answer.answered_at,
            )
        )
