"""Fixtures of the whole suite."""

from tests.cast import *  # noqa: F403
