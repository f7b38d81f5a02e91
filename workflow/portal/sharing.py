"""Who publishes for which client, where several daemons share the office (PostgreSQL).

Each of them publishes. For every round it claims the clients whose folders it is going to change,
before it looks what is to be done for them, and gives the claims back afterwards. The rest is done
once, by the daemon that leads: what the configuration says of clients, what lies there and may not,
pages for which nobody waits, pictures, mending. It claims clients as well.

What a daemon leaves that was killed, or that hangs and was replaced (presence.py):

- Its claims end with its connection to the database. In a folder beside the portal a mark still
  says that it was at work for this client (FolderSite.enter). Whoever claims the client next
  removes the staging folder of that daemon, out of which and into which goes all that it would
  still change on the portal; and believes nothing of what lies there.
- What is not done as it should be when a claim is given back leaves such a mark as well, without
  the name of a staging folder. A mark that can't be taken away (the share is away) stays, and keeps
  nobody from the client: whoever comes next takes us for dead, and we make our staging folder anew.

The others publish only beside a daemon that leads, has seen to the portal, and goes by the same
configuration and the same version: who may have a portal, and who may approve, is said by these.
And only where its staging folder lies beside the portal: with a share that is not mounted, or a
path of its own, a daemon would publish into a folder that no client looks at.
They see that once they have their turn to write, in which they place (`Leading.is_followed`). So a
client who is off the portal since the configuration was changed isn't put on it by a daemon that
read config/ a moment ago: either the one that leads finds it there, or it is not placed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable

from dossier import __version__
from dossier.cluster.claims import LEAD, Claims, confirm, key_of
from dossier.cluster.claims import portal as claim_of
from dossier.database.database import is_shared, transaction
from dossier.database.tables import PROXY, Note
from dossier.office.office import Office
from workflow.portal.folder_site import FolderSite

_KEY = "publishing"

_SAID = {"office", "items", "sharing", "identity", "portal", "types"}
"""What of settings.yaml publishing goes by."""

_OF_A_MACHINE = {"portal": {"host", "port", "certificate", "key", "trusted_proxies", "workers"}}
"""Less what `dossier portal` goes by, which may be another on each machine."""


class Clients:
    """The clients that this publisher works for: all of them, where it is the only one."""

    def __init__(self, site: FolderSite, is_shared: bool) -> None:
        self._site = site
        self._claims = Claims()
        self._mine = set[str]()
        self._left = set[str]()
        """Of whom what lies there may be half done, by whomever, until all of it is placed."""
        self.is_shared = is_shared
        """They are claimed one by one."""
        self.were_others = False
        """Some could not be had since this was last set to False: another daemon works for them."""

        if is_shared:
            from dossier.database.postgresql import SESSION

            site.share(SESSION.split()[1])

    def sessions(self) -> set[str]:
        """The sessions of those who may be at work."""
        if not self.is_shared:
            return set()
        from dossier.database.postgresql import sessions

        return {name.split()[1] for name in sessions()}

    def take(self, codes: Iterable[str]) -> tuple[set[str], set[str]]:
        """Claim these: (those that are ours now, or were; those of whom what lies there may be half
        done). OSError."""
        wanted = set(codes)
        if not self.is_shared:
            return wanted, set()
        if self._mine:
            self._claims.confirm()  # over another connection they would be ours no more
        new = {code: claim_of(code) for code in wanted - self._mine}
        taken = self._claims.take_some(list(new.values())) if new else set()
        mine = {code for code, name in new.items() if name in taken}
        self.were_others |= len(mine) < len(new)
        left = set[str]()
        if mine:
            try:
                left = self._site.enter(mine)
            except OSError:
                for code in mine:
                    self._claims.release(new[code])
                raise
            self._mine |= mine
            self._left |= left
            self.confirm()  # now whoever has them after us finds the mark
        return self._mine & wanted, left

    def confirm(self) -> None:
        """Raises the database's error if the connection has gone, and with it what was claimed."""
        self._claims.confirm()
        confirm()

    def held(self) -> set[str]:
        """The clients that are claimed."""
        return set(self._mine)

    def note_begun(self, code: str) -> None:
        """What lies there of this client is half done, until it is placed and recorded."""
        self._left.add(code)

    def note_placed(self, codes: Iterable[str]) -> None:
        """What lies there of these clients is as it was recorded."""
        self._left.difference_update(codes)

    def let_go(self, unsure: Collection[str]) -> None:
        """Give all of them back, some as `unsure`. OSError, when all are: some marks stay."""
        failed: OSError | None = None
        for code in sorted(self._mine):
            try:
                self._site.leave(code, code not in unsure and code not in self._left)
            except OSError as error:
                failed = error
        self._mine.clear()
        self._left.clear()
        self._claims.release_all()
        if failed is not None:
            raise failed

    def doubt(self, codes: Iterable[str]) -> None:
        """Whoever works for these clients next believes nothing of what lies there. OSError."""
        if self.is_shared:
            for code in codes:
                self._site.doubt(code)


class Leading:
    """By which configuration the daemon that leads publishes, and where."""

    def __init__(self, site: FolderSite) -> None:
        self._site = site
        self._office: Office | None = None
        self._said = ""

    def announce(self, office: Office) -> None:
        """Say that this daemon leads, and goes by this configuration."""
        from dossier.database.postgresql import SESSION

        with transaction():
            said = [PROXY.connection().info.backend_pid, SESSION, self._digest(office), self._site.staging.name]
            Note.put(_KEY, json.dumps(said))

    def is_followed(self, office: Office) -> bool:
        """True if a daemon leads that has seen to this portal, and goes by this configuration."""
        query = (
            "SELECT lock.pid, one.application_name, note.value FROM note, pg_locks AS lock JOIN pg_stat_activity AS one USING (pid)"
            " WHERE note.key = %s AND lock.locktype = 'advisory' AND lock.granted AND lock.objsubid = 1"
            " AND (lock.classid::bigint << 32 | lock.objid::bigint) = %s AND lock.database = one.datid"
            " AND one.datname = current_database()"
        )
        found = PROXY.execute_sql(query, (_KEY, key_of(LEAD))).fetchone()
        if found is None:
            return False
        *said, staging = json.loads(found[2])
        return said == [found[0], found[1], self._digest(office)] and self._site.is_beside(staging)

    def _digest(self, office: Office) -> str:
        if office is not self._office:
            said = [
                __version__, office.settings.model_dump_json(include=_SAID, exclude=_OF_A_MACHINE),
                *(f"{code} {one.model_dump_json()}" for people in (office.clients, office.staff) for code, one in sorted(people.items())),
            ]  # fmt: skip
            self._office, self._said = office, hashlib.sha256("\n".join(said).encode()).hexdigest()
        return self._said


def can_share(office: Office) -> bool:
    """True if each daemon publishes. In an object store there is nothing that would keep one that
    hangs and wakes up from what it was about to do: there only the one that leads does."""
    return is_shared() and office.portal_store is None
