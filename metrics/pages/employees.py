"""The employee panel: what was released of a wave, for a group that the reader may see, against the company.

Every figure here is a released row (`accounts.surveys.employees.release`); this page only writes it out."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.models import EmployeeResult, EmployeeWave, Organisation, User
from accounts.surveys.employees import release
from accounts.surveys.employees.rules import (
    COMPANY,
    Dimension,
    Group,
    Hidden,
    Sums,
    net_promoters,
    share_favourable,
)
from accounts.surveys.employees.staffing import attrition_for
from accounts.surveys.employees.words import PROMISE
from kamplan import formats
from kamplan.charts import Scale
from kamplan.permissions import (
    HOLDS_ONE_ON_ONES,
    KEEPS_STAFFING,
    READS_EMPLOYEE_PANEL,
    RUNS_EMPLOYEE_WAVES,
    allowed,
    signed_in,
)
from kamplan.sheets import Cell, Table, csv_answer, xlsx_answer
from metrics.intervals import Bounds, net_share, wilson
from metrics.models import Scope
from metrics.pages.places import Place

Item = EmployeeResult.Item
SHARES, POINTS = Scale(0, 100), Scale(-100, 100)
FIRST_COMMENTS = 5
TITLES = {Dimension.TEAM: "Teams", Dimension.SITE: "Sites", Dimension.TENURE: "Years with us"}
SINGULAR = {Dimension.TEAM: "Team", Dimension.SITE: "Site", Dimension.TENURE: "Years with us"}
COMPANY_NAME = "Company"


# ------------------------------------------------------------------------------------------ one figure


@dataclass(frozen=True)
class Drawing:
    """Where the range, the value and the company stand, in percent of the width."""

    low: float
    width: float
    high: float
    value: float
    company: float | None
    label: str


@dataclass(frozen=True)
class Figure:
    """One released row as it is shown: value, range, and how it compares with the company."""

    name: str
    value: str = ""
    unit: str = ""
    of: str = ""
    range: str = ""
    company: str = ""
    compared: str = ""
    compared_words: str = ""
    drawing: Drawing | None = None
    reason: str = ""


def sums_of(row: EmployeeResult) -> Sums:
    return Sums(row.n or 0, row.favourable or 0, row.unfavourable or 0, row.total or 0)


def value_of(row: EmployeeResult | None) -> float | None:
    if row is None or row.hidden:
        return None
    if row.item == Item.PARTICIPATION:
        return 100 * (row.n or 0) / row.asked if row.asked else None
    return (net_promoters if row.item == Item.ENPS else share_favourable)(sums_of(row))


def range_of(row: EmployeeResult) -> Bounds:
    n, good, bad = row.n or 0, row.favourable or 0, row.unfavourable or 0
    found = net_share(good, bad, n) if row.item == Item.ENPS else wilson(good, n)
    low, high = found or (0.0, 1.0)
    return 100 * low, 100 * high


def text_of(value: float | None, item: str) -> str:
    return formats.number(value, 0, signed=True) if item == Item.ENPS else formats.share(value)


def reason_of(row: EmployeeResult | None, k: int) -> str:
    """Never the count; and one word for every protection."""
    if row is None:
        return "Not part of this wave"
    if row.hidden == Hidden.FEW:
        return f"Hidden: fewer than {k} people answered"
    return "Hidden too, so that nobody’s answer can be worked out"


def figure_of(
    name: str, row: EmployeeResult | None, company: EmployeeResult | None, k: int, *, is_company: bool
) -> Figure:
    item = row.item if row is not None else ""
    against = None if is_company else value_of(company)
    company_text = "" if against is None else text_of(against, item)
    value = value_of(row)
    if row is None or value is None:
        return Figure(name, company=company_text, reason=reason_of(row, k))
    low, high = range_of(row)
    compared, words = compare(low, high, against)
    text, unit = (text_of(value, item), "points") if item == Item.ENPS else (text_of(value, item), "")
    likely = formats.format_range(low, high, "points" if item == Item.ENPS else "share")
    said = f"{name}: {text} {unit}".rstrip() + f", likely {likely}"
    scale = POINTS if item == Item.ENPS else SHARES
    return Figure(
        name=name,
        value=text,
        unit=unit,
        of=f"{formats.number(row.n)} answers" if item == Item.ENPS else f"{row.favourable} of {row.n}",
        range=likely,
        company=company_text,
        compared=compared,
        compared_words=words,
        drawing=Drawing(
            scale.clipped(low),
            round(scale.clipped(high) - scale.clipped(low), 2),
            scale.clipped(high),
            scale.clipped(value),
            None if against is None else scale.clipped(against),
            said + (f", company {company_text}" if company_text else ""),
        ),
    )


def compare(low: float, high: float, company: float | None) -> tuple[str, str]:
    """Named only where the range does not hold the company's value."""
    if company is None:
        return "", ""
    if low > company:
        return "higher", "higher"
    return ("lower", "lower") if high < company else ("like", "like the company")


# ------------------------------------------------------------------------------------------ one group


@dataclass(frozen=True)
class TookPart:
    n: str
    asked: str
    percent: str
    share: float
    notes: str


@dataclass(frozen=True)
class Line:
    """A group in a table of groups."""

    name: str
    url: str
    took_part: TookPart | None
    satisfied: Figure | None
    enps: Figure | None
    reason: str


@dataclass
class Sheet:
    """The rows of a wave that one reader may see, by group and question."""

    wave: EmployeeWave
    rows: Sequence[EmployeeResult]
    by_group: dict[Group, dict[tuple[str, int], EmployeeResult]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for row in self.rows:
            self.by_group.setdefault((row.dimension, row.label), {})[row.item, row.position] = row

    def row(self, group: Group, item: str, position: int = 0) -> EmployeeResult | None:
        return self.by_group.get(group, {}).get((item, position))

    def figure(self, name: str, group: Group, item: str, position: int = 0) -> Figure:
        row, company = self.row(group, item, position), self.row(COMPANY, item, position)
        return figure_of(name, row, company, self.wave.k, is_company=group == COMPANY)

    def is_shown(self, group: Group) -> bool:
        row = self.row(group, Item.PARTICIPATION)
        return row is not None and not row.hidden

    def reason(self, group: Group) -> str:
        return reason_of(self.row(group, Item.PARTICIPATION), self.wave.k)

    def groups(self, dimension: str) -> list[Group]:
        """In the order of the alphabet, never of the result."""
        found = [group for group in self.by_group if group[0] == dimension]
        return sorted(found, key=lambda group: group[1].casefold())

    def group_of_team(self, team: int | None) -> Group | None:
        return next(
            ((row.dimension, row.label) for row in self.rows if team is not None and row.team_key == team),
            None,
        )

    def took_part(self, group: Group, before: "Sheet | None" = None) -> TookPart | None:
        row = self.row(group, Item.PARTICIPATION)
        percent = value_of(row)
        if row is None or percent is None:
            return None
        notes = []
        company = value_of(self.row(COMPANY, Item.PARTICIPATION))
        if group != COMPANY and company is not None:
            notes.append(f"company {formats.share(company)}")
        earlier = value_of(before.row(group, Item.PARTICIPATION)) if before else None
        if earlier is not None:
            notes.append(f"last wave {formats.share(earlier)}")
        return TookPart(
            formats.number(row.n),
            formats.number(row.asked),
            formats.share(percent),
            percent,
            " · ".join(notes),
        )

    def line(self, group: Group, url: str) -> Line:
        name = name_of(group)
        if not self.is_shown(group):
            return Line(name, "", None, None, None, self.reason(group))
        satisfied = self.figure("Satisfied", group, Item.SATISFACTION)
        enps = self.figure("eNPS", group, Item.ENPS)
        return Line(name, url, self.took_part(group), satisfied, enps, "")


def name_of(group: Group) -> str:
    return COMPANY_NAME if group == COMPANY else group[1]


# ------------------------------------------------------------------------------------------ the page


@dataclass(frozen=True)
class Option:
    value: str
    label: str
    is_chosen: bool


@require_GET
@allowed(*READS_EMPLOYEE_PANEL)
def panel(request: HttpRequest) -> HttpResponseBase:
    user, today = signed_in(request), Organisation.current().today()
    waves = release.waves_for(user)
    if not waves:
        context = {"runs_waves": user.role in RUNS_EMPLOYEE_WAVES, "promise": PROMISE}
        return render(request, "surveys/employees/no_panel.html", context)
    wave = chosen_wave(waves, request.GET.get("wave", ""))
    sheet = Sheet(wave, release.rows_for(user, wave, today))
    if request.GET.get("export") in {"csv", "xlsx"}:
        return as_file(request.GET["export"], sheet)
    group, notice = chosen_group(user, sheet, request.GET.get("group", ""), today)
    before = earlier_sheet(user, waves, wave, today)
    return render(
        request, "surveys/employees/panel.html", page(user, waves, sheet, group, before, notice, today)
    )


def chosen_wave(waves: Sequence[EmployeeWave], asked: str) -> EmployeeWave:
    if not asked:
        return waves[0]
    found = next((wave for wave in waves if str(wave.pk) == asked), None)
    if found is None:
        raise Http404
    return found


def earlier_sheet(
    user: User, waves: Sequence[EmployeeWave], wave: EmployeeWave, today: datetime.date
) -> Sheet | None:
    place = waves.index(wave) + 1
    return Sheet(waves[place], release.rows_for(user, waves[place], today)) if place < len(waves) else None


def chosen_group(user: User, sheet: Sheet, asked: str, today: datetime.date) -> tuple[Group, str]:
    """The group in the address, or one's own team; the level above in place of one that is hidden, with why."""
    if asked:
        dimension, _, label = asked.partition(":")
        group = (dimension, label)
        if group != COMPANY and group not in sheet.by_group:
            raise Http404
    else:
        home = sheet.group_of_team(release.seen_by(user, sheet.wave, today).home)
        group = home or COMPANY
    if group == COMPANY or sheet.is_shown(group):
        return group, ""
    return COMPANY, f"{name_of(group)} is hidden. {sheet.reason(group)}."


def address(wave: EmployeeWave, group: Group) -> str:
    from urllib.parse import urlencode

    query = {"wave": wave.pk, "group": f"{group[0]}:{group[1]}"}
    return f"{reverse('employees:panel')}?{urlencode(query)}"


def page(
    user: User,
    waves: Sequence[EmployeeWave],
    sheet: Sheet,
    group: Group,
    before: Sheet | None,
    notice: str,
    today: datetime.date,
) -> dict[str, Any]:
    wave = sheet.wave
    statements = list(wave.statements.all())
    comments = release.comments_for(user, wave) if group == COMPANY else []
    return {
        "wave": wave,
        "group": group,
        "name": name_of(group),
        "is_company": group == COMPANY,
        "notice": notice,
        "reason": "" if sheet.is_shown(group) else sheet.reason(group),
        "waves": [Option(str(each.pk), each.name, each == wave) for each in waves],
        "groups": options(sheet, group),
        "took_part": sheet.took_part(group, before),
        "satisfied": sheet.figure("Satisfied", group, Item.SATISFACTION),
        "enps": sheet.figure("Employee NPS", group, Item.ENPS),
        "drivers": [sheet.figure(each.text, group, Item.STATEMENT, each.position) for each in statements],
        "tables": tables(sheet) if group == COMPANY else [],
        "comments": comments,
        "first_comments": comments[:FIRST_COMMENTS],
        "more_comments": comments[FIRST_COMMENTS:],
        "comments_hidden": sheet.row(COMPANY, Item.COMMENTS) if group == COMPANY else None,
        "attrition": attrition_for(user, today) if group == COMPANY else None,
        "keeps_staffing": group == COMPANY and user.role in KEEPS_STAFFING,
        "has_notes": user.role in HOLDS_ONE_ON_ONES,
        "runs_waves": user.role in RUNS_EMPLOYEE_WAVES,
        "promise": PROMISE,
    }


def options(sheet: Sheet, group: Group) -> list[Option]:
    """The company, and every group that is shown to this reader."""
    found = [COMPANY]
    for dimension in TITLES:
        found += [each for each in sheet.groups(dimension) if sheet.is_shown(each)]
    return [Option(f"{each[0]}:{each[1]}", name_of(each), each == group) for each in found]


def tables(sheet: Sheet) -> list[tuple[str, str, list[Line]]]:
    return [
        (TITLES[each], SINGULAR[each], lines)
        for each in TITLES
        if (lines := [sheet.line(group, address(sheet.wave, group)) for group in sheet.groups(each)])
    ]


# ------------------------------------------------------------------------------------------ as a file

HEADS = (
    "wave",
    "closed on",
    "group of",
    "group",
    "question",
    "asked",
    "answers",
    "favourable",
    "unfavourable",
    "sum of scores",
    "hidden",
)


def as_file(kind: str, sheet: Sheet) -> HttpResponseBase:
    """The released rows as they are, hidden ones with their reason."""
    table = Table("Employee survey", HEADS, exported(sheet), notes=[[PROMISE]])
    name = f"employee-survey-{sheet.wave.closed_on:%Y-%m-%d}"
    return xlsx_answer([table], name, sheet.wave.name) if kind == "xlsx" else csv_answer(table, name)


def exported(sheet: Sheet) -> Iterable[list[Cell]]:
    texts = {each.position: each.text for each in sheet.wave.statements.all()}
    for row in sheet.rows:
        asked = texts.get(row.position, "") if row.item == Item.STATEMENT else row.get_item_display()
        yield [
            sheet.wave.name, sheet.wave.closed_on, row.dimension, name_of((row.dimension, row.label)), asked,
            row.asked, row.n, row.favourable, row.unfavourable, row.total, row.hidden,
        ]  # fmt: skip


# ------------------------------------------------------------------------------------------ on a scorecard


@dataclass(frozen=True)
class Summary:
    """Team satisfaction on a scorecard: of the newest released wave, the team or the level above it."""

    wave: EmployeeWave
    name: str
    took_part: TookPart | None
    satisfied: Figure
    enps: Figure
    notice: str
    reason: str
    url: str


def summary_of(user: User, place: Place, today: datetime.date) -> Summary | None:
    """Nothing for whom the panel is not, or before a first wave; a hidden team gives way to the level above."""
    if place.scope not in {Scope.OWNER, Scope.TEAM, Scope.COMPANY}:
        return None
    rows = release.newest_rows_for(user, today)
    if not rows:
        return None
    sheet = Sheet(rows[0].wave, rows)
    team = place.key if place.scope == Scope.TEAM else place.team.key if place.team else None
    asked = place_in_wave(sheet, team)
    group = asked if asked and sheet.is_shown(asked) else COMPANY
    notice = ""
    if place.scope != Scope.COMPANY and group == COMPANY:
        notice = (
            f"{name_of(asked)}: {sheet.reason(asked)}." if asked else "The team was not part of this wave."
        )
        notice += " The company as a whole stands in its place."
    return Summary(
        wave=sheet.wave,
        name=name_of(group),
        took_part=sheet.took_part(group),
        satisfied=sheet.figure("Satisfied", group, Item.SATISFACTION),
        enps=sheet.figure("Employee NPS", group, Item.ENPS),
        notice=notice,
        reason="" if sheet.is_shown(group) else sheet.reason(group),
        url=address(sheet.wave, group),
    )


def place_in_wave(sheet: Sheet, team: int | None) -> Group | None:
    """The team as the wave knew it, or the next one above; none that the reader may not see."""
    if team is None:
        return None
    found = sheet.group_of_team(team)
    if found is not None:
        return found
    above = release.with_above(team)
    return next((group for each in above if (group := sheet.group_of_team(each)) is not None), None)
