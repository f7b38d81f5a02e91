"""What an office is and what it keeps: settings, people, records, vault, trail, files."""

__version__ = "0.1.0"
