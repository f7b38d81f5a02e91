"""On PostgreSQL a word ends at an underscore as well, as on SQLite: `btw_q3.pdf` is found by `q3`."""

from peewee import SQL, Database, SqliteDatabase

# Where a word stands, and its weight, is said of each of its parts. A tsvector that would hold too much stays as it is.
APART = """
DO $$
DECLARE one RECORD;
BEGIN
    FOR one IN SELECT item FROM {table} WHERE strpos(words::text, '_') > 0 LOOP
        BEGIN
            UPDATE {table} SET words = apart.words FROM (
                SELECT string_agg('''' || part || ''':' || places, ' ')::tsvector AS words
                FROM {table} AS old, unnest(old.words) AS word (lexeme, positions, weights),
                    regexp_split_to_table(lexeme, '_') AS part,
                    LATERAL (SELECT string_agg(place || weight, ',') AS places
                             FROM unnest(positions, weights) AS at (place, weight)) AS all_places
                WHERE old.item = one.item AND part <> '') AS apart
            WHERE {table}.item = one.item AND apart.words IS NOT NULL;
        EXCEPTION WHEN program_limit_exceeded THEN NULL;
        END;
    END LOOP;
END $$
"""


def up(migrator: object, db: Database) -> None:
    if not isinstance(db, SqliteDatabase):
        for table in ("item_text", "item_text_files"):
            db.execute(SQL(APART.format(table=table)))
