"""`manage.py import_data` as an administrator uses it."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.exchange.documentation import document
from accounts.models import Account
from kamplan.settings import BASE_DIR

pytestmark = pytest.mark.django_db


def run(*arguments: str | Path) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    try:
        call_command("import_data", *map(str, arguments), stdout=out, stderr=err)
    except CommandError as error:
        return out.getvalue(), err.getvalue() + str(error)
    return out.getvalue(), err.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "customers.csv"
    path.write_text("Customer no.;Company;Mood\n1;Alfa;good\n2;Beta;bad\n")
    return path


@pytest.fixture
def chosen(tmp_path: Path) -> Path:
    path = tmp_path / "mapping.json"
    columns = {"external_id": "Customer no.", "name": "Company"}
    path.write_text(json.dumps({"columns": columns, "constants": {"country": "Norway"}}))
    return path


def test_a_dry_run_reports_and_writes_nothing(file: Path, chosen: Path) -> None:
    out, err = run("accounts", file, "--mapping", chosen, "--dry-run")
    assert "2 rows, CSV, UTF-8, separated by semicolon" in out
    assert "accounts: 2 created, 0 changed, 0 unchanged" in out
    assert "Not used: Mood" in out
    assert "Nothing written: a dry run." in out
    assert (err, Account.objects.count()) == ("", 0)


def test_an_import_reports_what_it_did(file: Path, chosen: Path) -> None:
    assert "Imported." in run("accounts", file, "--mapping", chosen, "--source", "crm")[0]
    assert Account.objects.filter(source="crm", country="Norway").count() == 2


def test_refused_rows_are_listed_with_the_file_s_own_names_and_end_in_an_error(
    file: Path, chosen: Path
) -> None:
    file.write_text("Customer no.;Company\n1;Alfa\n2;\n")
    out, err = run("accounts", file, "--mapping", chosen)
    assert "row 3, Company: It must not be empty." in err
    assert "1 rows refused: nothing was imported." in err
    with pytest.raises(CommandError) as error:
        call_command(
            "import_data", "accounts", str(file), mapping=chosen, stdout=StringIO(), stderr=StringIO()
        )
    assert error.value.returncode == 1


def test_a_missing_file_or_a_broken_mapping_is_said(file: Path, tmp_path: Path) -> None:
    assert "There is no file" in run("accounts", tmp_path / "none.csv")[1]
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    assert "The mapping cannot be read" in run("accounts", file, "--mapping", broken)[1]
    broken.write_text('{"columns": []}')
    assert "must be an object of texts" in run("accounts", file, "--mapping", broken)[1]


def test_the_documentation_of_the_kinds_is_up_to_date() -> None:
    written = (BASE_DIR / "docs" / "import.md").read_text(encoding="utf-8")
    assert written == document(), "call manage.py import_docs"
