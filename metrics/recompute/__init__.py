"""The nightly run: what is due, one transaction that stages, compares and publishes, and its trace."""
