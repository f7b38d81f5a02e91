"""What somebody writes on a free afternoon: watchdog, Peewee, an insert for each file,
shutil.move. For comparison only.

    naive.py run ROOT
        take the backlog in ROOT/inbox as it is found, print drops, seconds, drops per second

Each drop is handled by itself as its event would be: read the YAML, hash, move into a folder,
insert rows one by one, copy to the portal, write an index page. Nothing is synced, nothing is
checked, nothing survives a crash half-way.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import shutil
import sys
import time

import yaml
from peewee import CharField, DateTimeField, ForeignKeyField, Model, SqliteDatabase, TextField
from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

database = SqliteDatabase(None)


class Item(Model):
    client = CharField()
    description = TextField()
    status = CharField()
    location = CharField()
    labels = TextField()
    explanation = TextField()
    created_by = CharField()
    created_at = DateTimeField(default=datetime.datetime.now)

    class Meta:
        database = database


class Attachment(Model):
    item = ForeignKeyField(Item)
    name = CharField()
    sha256 = CharField()
    path = CharField()

    class Meta:
        database = database


class Handler(FileSystemEventHandler):
    def __init__(self, root: str) -> None:
        self.root = root
        self.taken = 0

    def on_created(self, event: FileSystemEvent) -> None:
        path = os.fsdecode(event.src_path)
        if path.endswith(".yaml"):
            self.take(path)

    def take(self, path: str) -> None:
        folder, name = os.path.split(path)
        client = os.path.basename(folder)
        with open(path) as file:
            card = yaml.safe_load(file)
        item = Item.create(
            client=client, description=card["description"], status=card["status"], location=card["location"],
            labels=json.dumps(card["labels"]), explanation=card["explanation"], created_by=card["created_by"],
        )  # fmt: skip
        shown = os.path.join(self.root, "portal", client, str(item))
        os.makedirs(shown)
        for attachment in card["attachments"]:
            source = os.path.join(folder, attachment)
            with open(source, "rb") as file:
                digest = hashlib.sha256(file.read()).hexdigest()
            target = os.path.join(self.root, "store", str(item))
            os.makedirs(target)
            shutil.move(source, os.path.join(target, attachment))
            Attachment.create(item=item, name=attachment, sha256=digest, path=target)
            shutil.copy(os.path.join(target, attachment), shown)
        with open(os.path.join(shown, "index.html"), "w") as file:
            file.write(f"<h1>{card['description']}</h1>")
        done = os.path.join(folder, "_done")
        os.makedirs(done, exist_ok=True)
        shutil.move(path, os.path.join(done, name))
        self.taken += 1


def run(root: str) -> None:
    started = time.perf_counter()
    database.init(os.path.join(root, "naive.db"))
    database.create_tables([Item, Attachment])
    handler = Handler(root)
    observer = Observer()
    observer.schedule(handler, os.path.join(root, "inbox"), recursive=True)
    observer.start()
    for folder, folders, names in os.walk(os.path.join(root, "inbox")):
        folders[:] = [name for name in folders if not name.startswith("_")]
        for name in names:
            if name.endswith(".yaml"):
                handler.take(os.path.join(folder, name))
    observer.stop()
    observer.join()
    seconds = time.perf_counter() - started
    print(json.dumps({"drops": handler.taken, "seconds": round(seconds, 3), "per_second": round(handler.taken / seconds, 1)}))


if __name__ == "__main__":
    run(sys.argv[2])
