"""The touches as a run reads them: by the day of the organisation's zone, those of one thread and day as one."""

from metrics.recompute.stage import execute, exists
from metrics.sources.touches import COUNTED


def make_touches() -> None:
    """`run_touch`: every touch that counts, made once for the sources and recipes that read them."""
    if exists("run_touch"):
        return
    execute(f"CREATE TEMP TABLE run_touch ON COMMIT DROP AS SELECT * FROM {COUNTED.format(among='TRUE')} t")
    execute("ANALYZE run_touch")
