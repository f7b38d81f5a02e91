"""Where the daemon saw a sidecar lie first: it counts for that client's folder alone."""

from peewee import SQL, Database

TABLE = """
CREATE TABLE sighting (
    inode VARCHAR(255) NOT NULL, device VARCHAR(255) NOT NULL, born VARCHAR(255) NOT NULL, sha256 VARCHAR(255) NOT NULL,
    client VARCHAR(255) NOT NULL, refused BOOLEAN NOT NULL, at VARCHAR(255) NOT NULL,
    PRIMARY KEY (inode, device, born, sha256))
"""


def up(migrator: object, db: Database) -> None:
    db.execute(SQL(TABLE))
