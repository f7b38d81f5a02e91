"""The dialogue with the mail server: a line is opened, a mail handed over, the answer a value.

Trouble with the server, whatever the mail (nobody answers, no encryption, the login is refused), is
NoServer; its message says what to do. What the server says to one mail, or that it fell silent over
it, is an Answer. After an answer that is no yes the line may be in any state, so it is not used
again.

A server may be anybody's: one answer costs no more than ANSWER_BYTES of memory and the time-out of
its step, however slowly it comes, and however many lines it has.

Nothing here knows the outbox. A mail may have been taken although no answer came (RFC 1047); that
is left to the caller.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dossier.database import identity
from dossier.office.keys import MailSettings
from dossier.text import system
from dossier.text.sentences import Sentence, plain, sentence
from workflow.messages.addresses import address_of, ascii_domain, domain_of

STEP_SECONDS = 30
"""How long a step may take (RFC 5321 section 4.5.3.2 allows minutes; a relay is quicker)."""

HANDOVER_SECONDS = 600
"""How long the server may think of a mail (RFC 5321 section 4.5.3.2.6): else it is sent twice."""

QUIT_SECONDS = 5
"""How long a goodbye may take; nothing depends on it."""

ANSWER_BYTES = 64 * 1024
"""The longest answer, all lines together. A line has 512 octets (RFC 5321 section 4.5.3.1.5)."""

# RFC 4954 section 6, RFC 3207 section 4: the server wants a login or encryption first. No mail is
# to blame for that.
_WANTS_LOGIN = (530, 534, 538)

# RFC 6761, RFC 6762, RFC 8375, and what routers and container engines make up: no names of the
# world's DNS.
_LOCAL = ("localhost", "localdomain", "local", "lan", "home", "internal", "arpa")


class Babbling(smtplib.SMTPException):
    """The server does not come to an end of its answer, or what it says is none."""


class _Line(smtplib.SMTP):
    """smtplib gives each line of an answer the whole time-out, and takes any number; this
    doesn't."""

    _heard: tuple[object, bytes] = (None, b"")
    """Bytes behind the last answer, and their socket: none from before STARTTLS is believed
    after."""

    def getreply(self) -> tuple[int, bytes]:
        """The next answer: its code and its text. SMTPServerDisconnected, Babbling."""
        sock = self.sock
        if sock is None:
            raise smtplib.SMTPServerDisconnected("please run connect() first")
        seconds: float | None = sock.gettimeout()
        until = None if seconds is None else time.monotonic() + seconds
        of, heard = self._heard
        heard = heard if of is sock else b""
        texts: list[bytes] = []
        left = ANSWER_BYTES
        try:
            while True:
                while b"\n" not in heard:
                    if len(heard) > left:
                        raise Babbling(f"an answer of more than {ANSWER_BYTES // 1024} kB")
                    if until is not None:
                        sock.settimeout(max(0.001, until - time.monotonic()))
                    if not (piece := sock.recv(4096)):
                        raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")
                    heard += piece
                line, _, heard = heard.partition(b"\n")
                left -= len(line)
                found = re.match(rb"(\d{3})([- ]?)(.*)", line.rstrip(b"\r"), re.DOTALL)
                if found is None or left < 0 or (until is not None and time.monotonic() > until):
                    raise Babbling("an answer that has no end, or is none")
                texts.append(found[3].strip())
                if found[2] != b"-":
                    return int(found[1]), b"\n".join(texts)
        except smtplib.SMTPException:
            self.close()
            raise
        except OSError as error:
            self.close()
            raise smtplib.SMTPServerDisconnected(f"Connection unexpectedly closed: {error}") from error
        finally:
            self._heard = (sock, heard)
            if self.sock is not None:
                self.sock.settimeout(seconds)


class _TlsLine(_Line, smtplib.SMTP_SSL):
    """The same, encrypted from the first byte on."""


class NoServer(Exception):
    """No mail can go now, whichever it is; the sentence says why and what to do."""

    def __init__(self, why: Sentence, refused: bool = False) -> None:
        super().__init__(why)
        self.sentence = why
        self.refused = refused
        """The server is there but doesn't want us; asking often may lock the account."""


@dataclass(frozen=True, slots=True)
class MailOutcome:
    """What became of a mail. `code`: the server's last (RFC 5321 section 4.2.1); None: silence."""

    code: int | None
    text: Sentence
    """What the server said; told as it came."""
    of_sender: bool = False
    """It was the sender's address that the server did not like."""

    @property
    def is_yes(self) -> bool:
        return self.code is not None and 200 <= self.code < 300

    @property
    def is_final_no(self) -> bool:
        return self.code is not None and 500 <= self.code < 600

    @property
    def is_silence(self) -> bool:
        """No answer, or 421: the server goes away in the middle of it."""
        return self.code is None or self.code == 421


def open_line(mail: MailSettings, environ: Mapping[str, str]) -> smtplib.SMTP:
    """A line to the server, encrypted and logged in as `mail` says. NoServer, also for trying."""
    if identity.is_trial():
        raise NoServer(sentence("mail.trial"), refused=True)
    where = sentence("mail.where", host=mail.host, port=mail.port)
    password = ""  # none is set  # nosec B105
    if mail.username:
        password = environ.get(mail.password_env, "")
        if not password:
            raise NoServer(sentence("mail.no_password", where=where, variable=mail.password_env), refused=True)
    name = greeting_name(mail)
    try:
        context = None if mail.security == "none" else ssl.create_default_context()  # it reads all that the machine trusts
        if mail.security == "tls":
            server: smtplib.SMTP = _TlsLine(mail.host, mail.port, name or "localhost", timeout=STEP_SECONDS, context=context)
        else:
            server = _Line(mail.host, mail.port, name or "localhost", timeout=STEP_SECONDS)
    except (OSError, smtplib.SMTPException, UnicodeError) as error:
        raise NoServer(sentence("mail.check_host", where=where, what=_what_of(error))) from error
    try:
        if name is None and server.sock is not None:
            own = server.sock.getsockname()[0]
            server.local_hostname = f"[IPv6:{own}]" if ":" in own else f"[{own}]"  # RFC 5321 section 4.1.3
        server.ehlo_or_helo_if_needed()
        if mail.security == "starttls":
            server.starttls(context=context)
            server.ehlo()
        if mail.username:
            server.login(mail.username, password)
    except smtplib.SMTPAuthenticationError as error:
        server.close()
        told = f"{error.smtp_code} {_decoded(error.smtp_error)}"
        why = sentence("mail.login_refused", where=where, user=mail.username, answer=told, variable=mail.password_env)
        raise NoServer(why, refused=True) from error
    except UnicodeError as error:
        server.close()
        raise NoServer(sentence("mail.ascii_only", where=where), refused=True) from error
    except (OSError, smtplib.SMTPException) as error:
        server.close()
        raise NoServer(sentence("mail.check_security", where=where, what=_what_of(error))) from error
    return server


def greeting_name(mail: MailSettings) -> str | None:
    """How the server is greeted (RFC 5321 section 4.1.1.1); None: there is only an address.

    Relays with rules about this name refuse `[127.0.0.1]`, and names that nobody else can look up.
    """
    if mail.helo:
        return mail.helo
    own, domain = socket.getfqdn(), domain_of(mail.sender)
    last = own.rpartition(".")[2].lower()
    if "." in own and own.isascii() and not last.isdigit() and last not in _LOCAL:
        return own
    return domain if "." in domain else None


def hand_over(server: smtplib.SMTP, sender: str, to: str, data: bytes, is_wanted: Callable[[], bool]) -> MailOutcome | None:
    """Offer one mail from `sender` to `to`. Raises NoServer if the server wants a login first.

    `is_wanted` is asked when nothing is left but to hand it over; None if the answer is no, and the
    server has nothing then.
    """
    origin, to = ascii_domain(address_of(sender)), ascii_domain(to)
    options: list[str] = []
    if not f"{origin} {to}".isascii():  # what is before the @ (RFC 6531)
        if not server.has_extn("smtputf8"):
            return MailOutcome(553, sentence("mail.no_smtputf8"))
        options = ["SMTPUTF8", "BODY=8BITMIME"]
    try:
        if server.has_extn("size"):
            options.append(f"SIZE={len(data)}")
        code, text = server.mail(origin, options)
        if code in _WANTS_LOGIN:
            raise NoServer(sentence("mail.wants_login", answer=f"{code} {_decoded(text)}"), refused=True)
        if not 200 <= code < 300:
            return _answer(code, text, of_sender=True)
        code, text = server.rcpt(to)
        if not 200 <= code < 300:
            return _answer(code, text)
        if not is_wanted():
            server.rset()
            return None
        if server.sock is not None:
            server.sock.settimeout(HANDOVER_SECONDS)
        return _answer(*server.data(data))
    except smtplib.SMTPDataError as error:  # no 354: a yes at this point would be nonsense
        return _answer(error.smtp_code if error.smtp_code >= 400 else 0, error.smtp_error)
    except (OSError, smtplib.SMTPException) as error:
        return MailOutcome(None, sentence("mail.the_server", what=_what_of(error)))


def try_out(mail: MailSettings, environ: Mapping[str, str]) -> MailOutcome:
    """Ask if the server would take a mail from the office to itself; none is sent. NoServer."""
    address = ascii_domain(address_of(mail.sender))
    line = open_line(mail, environ)
    try:
        code, text = line.mail(address)
        if not 200 <= code < 300:
            return _answer(code, text, of_sender=True)
        code, text = line.rcpt(address)
        line.rset()
        return _answer(code, text)
    except (OSError, smtplib.SMTPException) as error:
        return MailOutcome(None, sentence("mail.the_server", what=_what_of(error)))
    finally:
        close_line(line, politely=True)


def close_line(server: smtplib.SMTP, politely: bool) -> None:
    """Say goodbye, or (after an answer that was no yes) just go."""
    try:
        if politely and server.sock is not None:
            server.sock.settimeout(QUIT_SECONDS)
            server.quit()
    except (OSError, smtplib.SMTPException):
        pass
    finally:
        server.close()


def _answer(code: int, text: bytes | str, of_sender: bool = False) -> MailOutcome:
    """A code that is none of RFC 5321's is not an answer."""
    told = f"{code} {_decoded(text)}".strip()
    if 200 <= code < 600:
        return MailOutcome(code, plain(told), of_sender)
    return MailOutcome(None, sentence("mail.nonsense", answer=told))


def _decoded(text: bytes | str) -> str:
    whole = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return " ".join(whole.split())


def _what_of(error: Exception) -> Sentence:
    """What went wrong, to be told behind the server's name."""
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return sentence("mail.no_answer_in_time")
    if isinstance(error, ssl.SSLCertVerificationError):
        return sentence("mail.bad_certificate", why=error.verify_message)
    if isinstance(error, ssl.SSLError):
        return sentence("mail.no_encryption", why=str(error.reason or error))
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return sentence("mail.broke_off")
    if isinstance(error, Babbling):
        return sentence("mail.babbles")
    if isinstance(error, smtplib.SMTPResponseException):
        return sentence("mail.answered", answer=f"{error.smtp_code} {_decoded(error.smtp_error)}")
    if isinstance(error, OSError) and error.strerror:
        return sentence("mail.not_reached", why=system.why(error))
    return sentence("mail.unusable", why=str(error))
