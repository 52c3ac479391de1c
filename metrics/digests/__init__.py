"""Digests: what changed for somebody since their last one, by mail, in the rhythm they chose."""
