"""What an office is and what it keeps: settings, people, records, vault, trail, files."""

__version__ = "2.0.0"
