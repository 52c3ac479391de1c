"""A questionnaire is built: questions come, go and change places until it is sent for the first time."""

from typing import Any

from django.core import signing
from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone

from accounts.people.models import Role, User
from accounts.surveys.questions import Question, QuestionText, Survey
from accounts.surveys.ready import BETTER, READY, Ask, K, Words, add_question, agrees
from accounts.way_back import UNDO_SECONDS

SALT = "kamplan.surveys.building"
MOST_QUESTIONS = 20

FIRST_WORDS: dict[str, Ask] = {
    **{ask.kind: ask for ready in READY.values() for ask in ready.asks},
    K.SCALE: agrees("You keep what you promise.", "Sie halten, was Sie versprechen."),
    K.TEXT: BETTER,
    K.CHOICE: Ask(
        K.CHOICE,
        {
            "en": Words("Which of these fits best?", options=("First", "Second")),
            "de": Words("Was davon passt am besten?", options=("Erstes", "Zweites")),
        },
    ),
}
"""What a question of each kind says until somebody changes it."""


def may_change(survey: Survey, user: User) -> bool:
    """Whoever made it, and heads; a copy belongs to whoever copies."""
    return user.role == Role.HEAD or survey.created_by_id == user.pk


def languages_of(survey: Survey) -> set[str]:
    return set(survey.texts.values_list("language", flat=True))


@transaction.atomic
def append_question(survey: Survey, kind: str) -> Question:
    last = survey.questions.aggregate(last=Max("position"))["last"] or 0
    return add_question(survey, FIRST_WORDS[kind], last + 1, languages_of(survey))


@transaction.atomic
def move_question(question: Question, step: int) -> None:
    """One place up (-1) or down (1); at the end of the list nothing moves."""
    others = question.survey.questions.select_for_update()
    if step < 0:
        other = others.filter(position__lt=question.position).last()
    else:
        other = others.filter(position__gt=question.position).first()
    if other is not None:
        question.position, other.position = other.position, question.position
        Question.objects.bulk_update([question, other], ["position"])


@transaction.atomic
def remove_question(user: User, question: Question) -> str:
    """Gone, with a token that brings it back."""
    texts = list(question.texts.values("language", "text", "low", "high", "options"))
    kept = [user.pk, question.survey_id, question.position, question.kind, question.required, texts]
    survey, place = question.survey, question.position
    question.delete()
    survey.questions.filter(position__gt=place).update(position=F("position") - 1)
    return signing.dumps(kept, salt=SALT, compress=True)


@transaction.atomic
def restore_question(user: User, token: str) -> Survey | None:
    """At its place again; `None` when it is too late."""
    try:
        pk, survey_id, position, kind, required, texts = signing.loads(token, salt=SALT, max_age=UNDO_SECONDS)
    except signing.BadSignature:
        return None
    surveys: Any = Survey.objects.visible_to(user).with_lock()
    survey: Survey | None = surveys.filter(pk=survey_id, is_locked=False).first()
    if survey is None or pk != user.pk:
        return None
    survey.questions.filter(position__gte=position).update(position=F("position") + 1)
    question = Question.objects.create(survey=survey, position=position, kind=kind, required=required)
    QuestionText.objects.bulk_create([QuestionText(question=question, **text) for text in texts])
    return survey


@transaction.atomic
def add_language(survey: Survey, language: str) -> None:
    """The texts of the survey's own language, to be translated over."""
    own = survey.texts.get(language=survey.language)
    own.pk, own.language = None, language
    own.save(force_insert=True)
    texts = QuestionText.objects.filter(question__survey=survey, language=survey.language)
    QuestionText.objects.bulk_create([copy_of(text, text.question, language) for text in texts])


def remove_language(survey: Survey, language: str) -> None:
    """Whoever reads it is asked in the survey's own language then."""
    with transaction.atomic():
        survey.texts.filter(language=language).delete()
        QuestionText.objects.filter(question__survey=survey, language=language).delete()


def copy_of(text: QuestionText, question: Question, language: str = "") -> QuestionText:
    return QuestionText(
        question=question,
        language=language or text.language,
        text=text.text,
        low=text.low,
        high=text.high,
        options=text.options,
    )


@transaction.atomic
def copy_survey(user: User, survey: Survey, name: str) -> Survey:
    """The same questions under another name, free to be changed."""
    copy: Survey = Survey.objects.create(
        name=name,
        kind=survey.kind,
        language=survey.language,
        satisfied_from=survey.satisfied_from,
        created_by=user,
    )
    for text in survey.texts.all():
        text.pk, text.survey = None, copy
        text.save(force_insert=True)
    for question in survey.questions.prefetch_related("texts"):
        texts = list(question.texts.all())
        question.pk, question.survey = None, copy
        question.save(force_insert=True)
        QuestionText.objects.bulk_create([copy_of(text, question) for text in texts])
    return copy


def free_name(name: str) -> str:
    """`Name (2)` and so on, whichever nobody uses yet."""
    taken = set(Survey.objects.filter(name__startswith=name[:100]).values_list("name", flat=True))
    base = name[:100].rpartition(" (")[0] if name.endswith(")") and " (" in name else name[:100]
    number = 2
    while f"{base} ({number})" in taken:
        number += 1
    return f"{base} ({number})"


def archive(survey: Survey, is_archived: bool) -> None:
    survey.archived_at = timezone.now() if is_archived else None
    survey.version += 1
    survey.save(update_fields=["archived_at", "version"])
