"""Numbered scripts that bring a database from any earlier version to this one; run by database.py."""
