"""The daemon: watches, takes, decides, publishes, mails, keeps the schedule, and says how it does.

It remembers nothing that it could not find again: killed anywhere, the next start looks at the
folders and the database. One thread works; others watch, mail and make pictures. Without its
database it waits; a second daemon on the same office is refused, or shares the work
(dossier/cluster).
"""
