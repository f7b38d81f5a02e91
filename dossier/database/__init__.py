"""The database: its tables, the one `transaction()`, and searching.

What differs between SQLite and PostgreSQL is known here and nowhere else. What a transaction has
returned from survives a power cut; one writer at a time, so what was read in it does not change
before it ends. What a row means is said in tables.py, who may write it by the wing that does. A
database that is gone, full or damaged raises UNAVAILABLE (trouble.py); a daemon waits for it, a
command says so and ends.
"""
