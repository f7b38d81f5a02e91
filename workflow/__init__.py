"""From an item to the portal and the mail."""
