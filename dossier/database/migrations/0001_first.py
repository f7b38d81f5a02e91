"""The first tables. A frozen copy of what tables.py said then: it is never changed again."""

from peewee import SQL, Database, SqliteDatabase

TABLES = """
CREATE TABLE counter (year INTEGER PRIMARY KEY, last INTEGER NOT NULL);

CREATE TABLE item (
    id BIGINT NOT NULL PRIMARY KEY, client VARCHAR(255) NOT NULL, description TEXT NOT NULL, status TEXT NOT NULL,
    type TEXT, location TEXT, labels TEXT NOT NULL, explanation TEXT, fields TEXT NOT NULL,
    share BOOLEAN NOT NULL, share_explanation BOOLEAN NOT NULL, share_state VARCHAR(255) NOT NULL,
    approvers TEXT NOT NULL, approvals TEXT NOT NULL, notify BOOLEAN NOT NULL, contact TEXT,
    created_by VARCHAR(255) NOT NULL, created_at VARCHAR(255) NOT NULL, published_at VARCHAR(255),
    notified_at VARCHAR(255), version INTEGER NOT NULL,
    pending BIGINT, standing BIGINT, public BIGINT, unsettled BOOLEAN NOT NULL);
CREATE INDEX item_client ON item (client, id);
CREATE INDEX item_state ON item (share_state, id);
CREATE INDEX item_pending ON item (id) WHERE pending IS NOT NULL;
CREATE INDEX item_unsettled ON item (client, id) WHERE unsettled;
CREATE INDEX item_public ON item (client, id) WHERE public IS NOT NULL;

CREATE TABLE label (item BIGINT NOT NULL REFERENCES item (id), folded TEXT NOT NULL, PRIMARY KEY (item, folded));
CREATE INDEX label_folded ON label (folded, item);

CREATE TABLE attachment (
    id {key}, item BIGINT NOT NULL REFERENCES item (id), position INTEGER NOT NULL, name TEXT NOT NULL,
    share BOOLEAN NOT NULL, note TEXT, version INTEGER NOT NULL, sha256 VARCHAR(255) NOT NULL, size BIGINT NOT NULL,
    media_type TEXT NOT NULL, added_at VARCHAR(255) NOT NULL, current BOOLEAN NOT NULL);
CREATE INDEX attachment_item ON attachment (item);

CREATE TABLE edition (
    id BIGINT NOT NULL PRIMARY KEY, item BIGINT NOT NULL REFERENCES item (id), content VARCHAR(255) NOT NULL, shown TEXT NOT NULL,
    state VARCHAR(255) NOT NULL, made_by VARCHAR(255) NOT NULL, made_at VARCHAR(255) NOT NULL,
    approved_by VARCHAR(255), approved_at VARCHAR(255));

CREATE TABLE decision (
    edition BIGINT NOT NULL REFERENCES edition (id), approver VARCHAR(255) NOT NULL, decided_by VARCHAR(255) NOT NULL,
    decision VARCHAR(255) NOT NULL, comment TEXT, at VARCHAR(255) NOT NULL, PRIMARY KEY (edition, approver));

CREATE TABLE "drop" (
    id {key}, client VARCHAR(255) NOT NULL, folder TEXT, stem TEXT NOT NULL, fingerprint VARCHAR(255),
    kind VARCHAR(255) NOT NULL, item BIGINT REFERENCES item (id), at VARCHAR(255) NOT NULL, files TEXT NOT NULL,
    target TEXT, text TEXT NOT NULL, cleared BOOLEAN NOT NULL);
CREATE INDEX drop_fingerprint ON "drop" (fingerprint);
CREATE INDEX drop_uncleared ON "drop" (id) WHERE NOT cleared;

CREATE TABLE event (
    seq BIGINT NOT NULL PRIMARY KEY, at VARCHAR(255) NOT NULL, actor TEXT NOT NULL, action VARCHAR(255) NOT NULL,
    item BIGINT REFERENCES item (id), subject TEXT, digest VARCHAR(255) NOT NULL, hash VARCHAR(255) NOT NULL);
CREATE INDEX event_item ON event (item, seq);
CREATE TABLE event_detail (
    seq BIGINT NOT NULL PRIMARY KEY REFERENCES event (seq), salt VARCHAR(255) NOT NULL, detail TEXT NOT NULL);

CREATE TABLE mail (
    id {key}, message_id VARCHAR(255) NOT NULL UNIQUE, kind VARCHAR(255) NOT NULL, item BIGINT REFERENCES item (id),
    client VARCHAR(255), recipient VARCHAR(255) NOT NULL, name TEXT NOT NULL, email TEXT NOT NULL,
    language VARCHAR(255) NOT NULL, payload TEXT NOT NULL, state VARCHAR(255) NOT NULL, attempts INTEGER NOT NULL,
    due_at VARCHAR(255) NOT NULL, created_at VARCHAR(255) NOT NULL, sent_at VARCHAR(255), error TEXT);
CREATE INDEX mail_item ON mail (item);
CREATE INDEX mail_waiting ON mail (due_at) WHERE state = 'waiting';

CREATE TABLE viewed (
    actor VARCHAR(255) NOT NULL, kind VARCHAR(255) NOT NULL, subject VARCHAR(255) NOT NULL, at VARCHAR(255) NOT NULL,
    PRIMARY KEY (actor, kind, subject));
CREATE INDEX viewed_at ON viewed (actor, at);

CREATE TABLE note (key VARCHAR(255) NOT NULL PRIMARY KEY, value TEXT NOT NULL);
"""

SQLITE_SEARCH = """
CREATE VIRTUAL TABLE item_text USING fts5 (
    description, explanation, labels, names, tokenize = "unicode61 remove_diacritics 2", prefix = '2 3');
"""


POSTGRESQL_SEARCH = """
CREATE TABLE item_text (item BIGINT NOT NULL PRIMARY KEY REFERENCES item (id), words TSVECTOR NOT NULL);
CREATE INDEX item_text_words ON item_text USING gin (words);
"""


def up(migrator: object, db: Database) -> None:
    sqlite = isinstance(db, SqliteDatabase)
    script = TABLES.format(key="INTEGER NOT NULL PRIMARY KEY" if sqlite else "BIGSERIAL PRIMARY KEY")
    script += SQLITE_SEARCH if sqlite else POSTGRESQL_SEARCH
    for statement in script.split(";\n"):
        if statement.strip():
            db.execute(SQL(statement))
