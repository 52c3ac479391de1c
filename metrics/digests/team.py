"""Employee surveys that were released: the released rows as they are, hidden ones with their reason."""

from collections.abc import Iterable

from accounts.surveys.employees import release
from accounts.surveys.employees.rules import COMPANY
from metrics.digests.lines import Line, Reader
from metrics.pages.employees import Figure, Item, Sheet, address, name_of


def released(reader: Reader) -> Iterable[Line]:
    """Of the reader's own team, or the level above it where that is hidden; participation first."""
    for wave in release.waves_for(reader.user):
        if wave.released_on is None or not reader.first_day <= wave.released_on <= reader.today:
            continue
        sheet = Sheet(wave, release.rows_for(reader.user, wave, reader.today))
        home = sheet.group_of_team(release.seen_by(reader.user, wave, reader.today).home)
        group = home if home is not None and sheet.is_shown(home) else COMPANY
        name, url, key = name_of(group), address(wave, group), f"wave:{wave.pk}"
        took_part = sheet.took_part(group)
        if took_part is None:
            yield Line(f"{key}:hidden", f"{wave.name}, {name}: {sheet.reason(group)}.", url)
            continue
        said = f"{took_part.n} of {took_part.asked} took part ({took_part.percent})."
        yield Line(f"{key}:participation", f"{wave.name}, {name}: {said}", url)
        satisfied = sheet.figure("Satisfied", group, Item.SATISFACTION)
        yield Line(f"{key}:satisfaction", f"{name}, {words(satisfied)}", url)
        enps = sheet.figure("Employee NPS", group, Item.ENPS)
        yield Line(f"{key}:enps", f"{name}, {words(enps)}", url)


def words(figure: Figure) -> str:
    if figure.reason:
        return f"{figure.name}: {figure.reason}."
    unit = f" {figure.unit}" if figure.unit else ""
    return f"{figure.name}: {figure.value}{unit} ({figure.of}), likely {figure.range}."
