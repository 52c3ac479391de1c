"""A band that begins at 0 points would hold every account, also in the months before it began."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("metrics", "0022_touches_of_campaigns")]

    operations = [
        # The smallest limit that there is: whoever has any points is in the band, as before.
        migrations.RunSQL(
            "UPDATE metrics_threshold SET value = 0.01 WHERE value = 0 AND name <> 'band_stay'",
            migrations.RunSQL.noop,
        ),
        migrations.AddConstraint(
            model_name="threshold",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", "band_stay"), ("value__gt", 0), _connector="OR"),
                name="threshold_of_a_band_above_nothing",
                violation_error_message="A band must begin above 0 points.",
            ),
        ),
    ]
