"""From a file in an inbox to an item in the database."""
