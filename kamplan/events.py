"""What every row of the history tables has in common."""

import pghistory.models

LABELS = {"insert": "added", "update": "changed", "delete": "removed"}


class Event(pghistory.models.Event):
    """A row as it was after a change, or before it was removed."""

    class Meta:
        abstract = True

    def __str__(self) -> str:
        tracked = type(self).pgh_tracked_model._meta.verbose_name  # type: ignore[attr-defined]
        return f"{tracked} {self.pgh_obj_id}, {self.what}"  # type: ignore[attr-defined]

    @property
    def what(self) -> str:
        label = str(self.pgh_label)
        return LABELS.get(label, label)
