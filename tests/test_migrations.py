"""What migrations make is what the models say, and what stood in one field goes on standing in another."""

from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from metrics.models import Run

SEAL = {"until": "2026-06-01", "rows": "3 7", "facts": {"points": "12.0000"}}


def test_no_model_waits_for_a_migration(db: None) -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_what_a_run_sealed_moves_out_of_its_settings_and_back(db: None) -> None:
    loader = MigrationLoader(connection)
    migration = loader.get_migration("metrics", "0021_seal_of_runs")
    before = loader.project_state(("metrics", "0020_figures_to_sort_by"))

    for pk, seal in ((1, SEAL), (2, {})):
        Run.objects.create(
            pk=pk,
            cause="manual",
            as_of="2026-06-10",
            published_at="2026-06-11T02:00:00Z",
            settings={"a": 4},
            seal=seal,
        )
    with connection.schema_editor() as editor:
        migration.unapply(before, editor)
    earlier = before.apps.get_model("metrics", "Run").objects.order_by("pk")
    assert list(earlier.values_list("settings", flat=True)) == [{"a": 4, "seal": SEAL}, {"a": 4}]
    with connection.schema_editor() as editor:
        migration.apply(before.clone(), editor)
    again = Run.objects.order_by("pk").values_list("settings", "seal")
    assert list(again) == [({"a": 4}, SEAL), ({"a": 4}, {})]
