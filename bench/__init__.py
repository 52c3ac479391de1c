"""Measurements: ratios of one run, printed, never asserted."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kamplan.settings")
django.setup()
