"""The command `dossier`: parses, calls one action, prints. Each area has its commands in a module.

Exit codes (CONTRACT section 5): 0 done; 1 refused, the reason on stderr; 2 wrong usage; 3 the
configuration is wrong; 4 the environment is. A command must start at once. So what takes long to
import is imported inside the function that needs it.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import inspect
import io
import os
import sys
import traceback
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException
from typer.models import CommandInfo

from desk.cli import completing, printing, session
from desk.cli.translation import Group, Unread, _, of_typer, translate
from dossier import __version__
from dossier.text.refusals import ENVIRONMENT, MISCONFIGURED, USAGE, Refusal
from dossier.text.sentences import Sentence


def _version(wanted: bool) -> None:
    if wanted:
        print(f"dossier {__version__}")
        raise typer.Exit


def _globals(
    root: Annotated[
        Path | None,
        # Not readable: whoever may look into its folders need not be allowed to list it.
        typer.Option(
            "--root", metavar="DIR", readable=False, help="The office's folder. Default: DOSSIER_ROOT, else here or above."
        ),
    ] = None,
    staff: Annotated[
        str | None,
        typer.Option("--as", metavar="STAFF", help="Who acts. Default: DOSSIER_USER, else you.", autocompletion=completing.staff),
    ] = None,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,  # noqa: ARG001
) -> None:
    session.GIVEN.root, session.GIVEN.staff = root, staff
    session.spare_driver()
    session.log_apart()


AREAS: Mapping[str, Sequence[str]] = {
    "office": ("init", "run", "check", "schema"),
    "status": ("status", "rejected"),
    "items": ("items", "show"),
    "new": ("new",),
    "looking": ("due", "recent"),
    "changes": ("edit", "attach", "replace", "rename", "remove", "copy"),
    "undoing": ("move", "delete", "bin", "undelete", "revert"),
    "getting": ("get",),
    "approval": ("queue", "approve", "reject", "publish", "withdraw"),
    "mail": ("notify", "remind", "outbox", "mail"),
    "importing": ("import", "export"),
    "maintenance": ("doctor", "verify", "backup", "restore", "adopt", "migrate-db"),
    "lists": ("clients", "staff"),
    "retention": ("retention",),
    "erasing": ("erase",),
    "trail": ("why", "proof", "audit"),
    "web": ("portal", "desk", "serve"),
    "tokens": ("token",),
    "webhooks": ("webhooks",),
    "samba": ("samba",),
    "unsorted": ("assign",),
}
"""The modules with the commands, each with what it registers, in the order in which the help tells
of them."""


def of_areas(areas: Iterable[str]) -> typer.Typer:
    """The command line with the commands of these areas, and with no other module loaded."""
    app = typer.Typer(
        cls=Group,
        name="dossier",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
        help="Drop a file in a folder; it becomes a dossier item, is approved, and reaches the client.",
        epilog="Example: dossier items --client acme-bv jaarrekening",
    )
    app.callback()(_globals)
    for area in areas:
        import_module(f"desk.cli.{area}").register(app)
    return app


@cache
def whole() -> typer.Typer:
    """The command line with all of its commands."""
    return of_areas(AREAS)


def main() -> None:
    """Run the command that was typed, and end with its exit code.

    Others can't write what it makes, whatever the umask was.
    """
    os.umask(os.umask(0o077) | 0o002)
    code = run()
    gc.freeze()  # else Python looks through all that there is once more before it ends
    sys.exit(code)


def run() -> int:
    """Run the command that was typed; returns its exit code. No traceback reaches a user."""
    sys.argv[1:] = _as_first(sys.argv[1:])
    try:
        done = _asked_for(sys.argv[1:])(standalone_mode=False)
        _end()
        sys.stdout.flush()
        return done if isinstance(done, int) else 0
    except typer.Exit as ended:
        _end()
        return ended.exit_code
    except TyperException as error:
        if ctx := getattr(error, "ctx", None):
            translate(ctx.command, ctx)
        told = io.StringIO()
        error.show(told)  # type: ignore[attr-defined]
        _complain(printing.text(of_typer(told.getvalue()).removesuffix("\n")))
        return USAGE
    except (typer.Abort, KeyboardInterrupt):
        _complain(_("stopped"))
        return 130
    except (BrokenPipeError, Unread) as error:
        return 0 if printing.leave_unread() else _told(error)
    except Exception as error:  # noqa: BLE001 - the last resort: a word for the user, the rest for the log
        return _told(error)


def _end() -> None:
    """Say what there is to say of a database that could only be read; of another one, write down
    how far it has come."""
    if fault := session.fault():
        told = _("config/ has a fault; this is what the daemon goes on with until it is mended: %(fault)s")
        print(told % {"fault": printing.text(fault.faults[0].told(session.language()))}, file=sys.stderr)
    if nobody := session.nobody():
        print(printing.text(nobody), file=sys.stderr)
    if doubt := session.doubt():
        print(printing.refusal(doubt), file=sys.stderr)
    else:
        session.leave_mark()


def _asked_for(words: Sequence[str]) -> typer.Typer:
    """The command line with nothing in it but the command that was typed: to load and make all of
    them takes longer than most of them last.

    With all of them where they have to be told, or where it is not known which one it is.
    """
    if any(word.endswith("_COMPLETE") for word in os.environ):
        words = _before_completion()
    at = 0
    while at < len(words) and words[at].partition("=")[0] in ("--root", "--as"):
        at += 1 if "=" in words[at] else 2
    name = words[at] if at < len(words) else ""
    areas = [area for area, commands in AREAS.items() if name in commands]
    if not (areas or name == "--version"):
        return whole()
    narrow = of_areas(areas)
    narrow.registered_commands = [one for one in narrow.registered_commands if name_of(one) == name]
    narrow.registered_groups = [one for one in narrow.registered_groups if one.name == name]
    _read_types(narrow)
    return narrow


def _before_completion() -> list[str]:
    """The words before the one that a shell is to complete: bash counts them, others give the line
    as far as it goes."""
    number = os.environ.get("COMP_CWORD", "")
    if number.isdecimal():
        return os.environ.get("COMP_WORDS", "").split()[1 : int(number)]
    line = os.environ.get("_TYPER_COMPLETE_ARGS", "")
    return line.split()[1:] if line.endswith(" ") else line.split()[1:-1]


def _read_types(app: typer.Typer) -> None:
    """Make types of what is said of the functions' parameters: text, as annotations are here. typer
    would do that four times for each function."""
    for one in (*app.registered_commands, app.registered_callback):
        if one is not None and one.callback is not None:
            one.callback.__annotations__ = inspect.get_annotations(one.callback, eval_str=True)
    for group in app.registered_groups:
        if group.typer_instance is not None:
            _read_types(group.typer_instance)


def name_of(command: CommandInfo) -> str:
    """How a command is called: as it was said, else as its function is."""
    return command.name or str(getattr(command.callback, "__name__", ""))


def _as_first(words: list[str]) -> list[str]:
    """`--as STAFF` may stand anywhere: what stands behind the command is put before it.

    Not what follows on `--`.
    """
    end = words.index("--") if "--" in words else len(words)
    found, rest, at = list[str](), list[str](), 0
    while at < end:
        if words[at] == "--as" and at + 1 < end:
            found += words[at : at + 2]
            at += 1
        elif words[at].startswith("--as="):
            found.append(words[at])
        else:
            rest.append(words[at])
        at += 1
    return found + rest + words[end:]


def _told(error: Exception) -> int:
    """Say what is the matter on stderr; returns the exit code."""
    from dossier.office.terms import ConfigurationError

    if isinstance(error, ConfigurationError):
        _complain("\n".join(printing.text(fault.told(session.language())) for fault in error.faults))
        return MISCONFIGURED
    if isinstance(error, Refusal):
        _complain(printing.refusal(error))
        return error.exit_code
    _complain(_trouble(error))
    return ENVIRONMENT


def _complain(what: str) -> None:
    """On stderr, if anybody is there to read it; the exit code tells as much either way."""
    with contextlib.suppress(OSError):
        print(what, file=sys.stderr)


def _trouble(error: Exception) -> str:
    """What is the matter with the machine, or with dossier itself."""
    from dossier.database import trouble
    from dossier.text import system
    from dossier.text.database_address import without_passwords

    if isinstance(error, OSError):
        return printing.text(system.whole(error, is_asked=True))
    if isinstance(error, trouble.UNAVAILABLE):
        return _("the database can't be used: %(why)s") % {"why": printing.text(trouble.told(error))}
    if isinstance(error, MemoryError):
        return printing.text(system.whole(OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))))
    if isinstance(error, RuntimeError) and "start new thread" in str(error):
        return printing.text(Sentence("system.no_threads"))
    said = without_passwords(f"{type(error).__name__}: {error}")
    values = {"what": printing.text(said), "todo": _keep_traceback(error)}
    return _("an unexpected error (%(what)s); %(todo)s") % values


def _keep_traceback(error: Exception) -> str:
    """Write the traceback where an administrator finds it; returns the words that say where."""
    from dossier.text.database_address import without_passwords

    with contextlib.suppress(Exception):
        path = session.office().var / "errors.log"
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640)
        with open(descriptor, "a", encoding="utf-8") as log:
            with contextlib.suppress(PermissionError):  # an earlier version let everybody read it
                os.fchmod(descriptor, 0o640)
            told = f"dossier {' '.join(sys.argv[1:])}\n{''.join(traceback.format_exception(error))}\n"
            log.write(without_passwords(told))
        return _("please send %(path)s to who maintains dossier") % {"path": path}
    return _("please tell who maintains dossier")
