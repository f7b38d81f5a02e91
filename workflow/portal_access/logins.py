"""From an address that was typed in to a letter with a link: the daemon's part of logging in.

The daemon alone looks whose address it is. The web server only writes down what was typed
(access.ask), so neither its answer nor the time it takes tells whether an address is known. A
request goes in the transaction that puts its letter in the outbox. The link is made when the letter
is sent, and is never in the outbox.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from dossier.database.database import transaction
from dossier.database.web_tables import LoginRequest
from dossier.office.office import Office
from dossier.text import clock
from workflow.messages.kinds import LOGIN
from workflow.outbox import outbox
from workflow.portal_access import staff_access
from workflow.portal_access.access import LINK_MINUTES, Seat, SeatDirectory


def answer(office: Office, now: datetime) -> int:
    """Put a letter in the outbox for each contact's request, and forget those; how many.

    One letter, whatever the number of clients and contacts that share the address: it opens all of
    them.
    """
    letters = staff_access.answer(office, now)
    if not LoginRequest.select().exists():
        return letters
    directory = SeatDirectory(office)
    with transaction():
        for request in LoginRequest.select().order_by(LoginRequest.id):
            seats = directory.seats(request.address)
            is_late = request.at <= clock.to_text(now - timedelta(minutes=LINK_MINUTES))
            if seats and not is_late:
                seat = _chosen(seats, request.goal)
                outbox.enqueue_to_contact(office, now, LOGIN, None, seat.client, seat.contact.id, {"goal": request.goal})
                letters += 1
            LoginRequest.delete().where(LoginRequest.id == request.id).execute()
    return letters


def _chosen(seats: tuple[Seat, ...], goal: str) -> Seat:
    """In whose name and language: the client's whose page was wanted, else the first's."""
    wanted = goal.split("/")[1] if "/" in goal else ""
    return next((seat for seat in seats if seat.client == wanted), seats[0])
