"""Writes docs/configuration.md from the models; docs/commands.md, the man page and the shells' completion from the code.

`make reference`; a test sees that they are current.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import types
import typing
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from typer.main import get_command

from dossier.office import keys
from dossier.office.field_texts import describe_models
from dossier.office.keys import Client, Settings, Staff

HERE = Path(__file__).parent

CONFIGURATION = """\
# Configuration

Three files in `config/`, in YAML. What is left out has its default. Unknown keys and wrong values are told with file, line and key, all at
once; once there are none, so is each person or client that is named and isn't there. With any of them nothing starts (exit code 3). The daemon
reads the files again when they change; if they are wrong then, it says so and goes on with what was.

An environment variable overrides a setting: `DOSSIER_MAIL__PORT=2525` is `port` under `mail`. Lists and mappings are written
as YAML: `DOSSIER_ITEMS__LABELS="[tax, payroll]"`. Editors complete and check the files by the schemas in `config/schema/`.

A yes is `yes`, `ja` or `true`; a no is `no`, `nee` or `false`.
"""

COMMANDS = """\
# Commands

`dossier [--root DIR] [--as STAFF] COMMAND`. The office is the folder given with `--root`, or in `DOSSIER_ROOT`, or the nearest folder
above the present one with `config/settings.yaml`. Who acts is given with `--as`, or in `DOSSIER_USER`, or is the staff member whose `os_user`
runs the command. An item is named by its number, `D-2026-000012`, without the `D-`, or as `12` where only one fits.

Exit codes: 0 done; 1 refused, the reason on stderr; 2 wrong usage; 3 the configuration is wrong; 4 the environment is (disk full,
database unreachable).
"""


def configuration() -> str:
    describe_models()
    parts = [CONFIGURATION, "## config/settings.yaml\n"]
    for name, field in Settings.model_fields.items():
        model = _model_in(field.annotation)
        if model is None:
            continue
        kind = f"### {name}" if field.annotation is model else f"### {name}: a mapping of names to"
        parts.append(f"{kind}\n\n{_sentence(model, field)}{_table(model)}")
    plain = [(name, field) for name, field in Settings.model_fields.items() if _model_in(field.annotation) is None]
    if plain:
        parts.append("### On the top level\n\n" + _rows(plain))
    for title, code, model in (
        ("config/clients.yaml", "clients: {CODE: …}", Client),
        ("config/staff.yaml", "staff: {CODE: …}", Staff),
    ):
        parts.append(
            f"## {title}\n\n`{code}`. A code has 1 to 64 letters, digits, dots, dashes and underscores.\n\n{_table(model)}"
        )
        parts += [f"### {inner.__name__.lower()}\n\n{_table(inner)}" for inner in _models_below(model)]
    return "\n".join(parts)


def _sentence(model: type[BaseModel], field: FieldInfo) -> str:
    text = field.description or ""
    if not text and model.__doc__ and model.__doc__ != BaseModel.__doc__:
        text = model.__doc__.strip()
    return f"{_one_line(text)}\n\n" if text else ""


def _table(model: type[BaseModel]) -> str:
    below = "".join(f"\n`{name}` is a mapping:\n\n{_table(inner)}" for name, inner in _inner(model))
    return _rows(list(model.model_fields.items())) + (below if model not in (Client, Staff) else "")


def _inner(model: type[BaseModel]) -> list[tuple[str, type[BaseModel]]]:
    found = [(name, _model_in(field.annotation)) for name, field in model.model_fields.items()]
    return [(name, inner) for name, inner in found if inner is not None]


def _models_below(model: type[BaseModel]) -> list[type[BaseModel]]:
    return [inner for _, inner in _inner(model)]


def _rows(fields: list[tuple[str, FieldInfo]]) -> str:
    lines = ["| key | value | default | |", "|---|---|---|---|"]
    for name, field in fields:
        lines.append(
            f"| `{field.alias or name}` | {_kind(field.annotation)} | {_default(field)} | {_one_line(field.description or '')} |"
        )
    return "\n".join(lines) + "\n"


def _kind(annotation: Any) -> str:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _kind(arguments[0])
    if origin is typing.Literal:
        return " or ".join(f"`{value}`" for value in arguments)
    if origin in (typing.Union, types.UnionType):
        return ", or ".join(_kind(argument) for argument in arguments if argument is not type(None))
    if origin is list:
        return f"list of {_kind(arguments[0])}"
    if origin is dict:
        return "mapping"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "mapping"
    return {bool: "yes or no", int: "whole number", float: "number", str: "text", Path: "path"}.get(
        annotation, getattr(annotation, "__name__", "text").lower()
    )


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if field.is_required() or value is PydanticUndefined:
        return "required"
    if isinstance(value, BaseModel):
        return "see there"
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return f"`[{', '.join(map(str, value))}]`"
    if isinstance(value, dict):
        return "`{}`" if not value else "see there"
    return f"`{value}`"


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, keys.Strict):
        return annotation
    for argument in typing.get_args(annotation):
        found = _model_in(argument)
        if found is not None:
            return found
    return None


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def commands() -> str:
    from desk.cli.main import whole

    group: Any = get_command(whole())
    return "\n".join([COMMANDS, *_commands_of(group, "dossier")])


def _commands_of(group: Any, path: str) -> list[str]:
    parts: list[str] = []
    for name, command in group.commands.items():
        below = getattr(command, "commands", None)
        if not below or command.invoke_without_command:
            parts += _command(command, path if command.hidden else f"{path} {name}")
        if below:
            parts += _commands_of(command, f"{path} {name}")
    return parts


def _command(command: Any, path: str) -> list[str]:
    arguments = " ".join(_argument(one) for one in command.params if one.param_type_name == "argument")
    parts = [f"## {path} {arguments}".rstrip() + "\n", _one_line((command.help or "").split("\f")[0]) + "\n"]
    options = [one for one in command.params if one.param_type_name == "option"]
    if options:
        lines = ["| option | |", "|---|---|"]
        lines += [
            f"| `{', '.join((*one.opts, *one.secondary_opts))}`{_value(one)} | {_one_line(one.help or '')} |" for one in options
        ]
        parts.append("\n".join(lines) + "\n")
    example = re.sub(r"^Example: ", "", command.epilog or "")
    return [*parts, f"    {example}\n"] if example else parts


def _argument(argument: Any) -> str:
    name = argument.metavar or _choices(argument) or argument.name.upper()
    return name if argument.required or name.startswith("[") else f"[{name}]"


def _value(option: Any) -> str:
    if option.is_flag:
        return ""
    return " " + (option.metavar or _choices(option).replace("|", "\\|") or option.type.name.upper().removesuffix(" RANGE"))


def _choices(parameter: Any) -> str:
    return "|".join(getattr(parameter.type, "choices", ()))


def man() -> str:
    """dossier(1): what stands in commands.md, for `man`."""
    from desk.cli.main import whole

    out = [
        '.TH DOSSIER 1 "" "dossier" "Commands"',
        ".SH NAME",
        "dossier \\- drop a file in a folder; it becomes a dossier item, is approved, and reaches the client",
        ".SH SYNOPSIS",
        r".B dossier\fR [\fB\-\-root\fR \fIDIR\fR] [\fB\-\-as\fR \fISTAFF\fR] \fICOMMAND\fR",
        ".SH DESCRIPTION",
        *(line for text in COMMANDS.split("\n\n")[1:] for line in (".PP", _roff(text))),
        ".SH COMMANDS",
    ]
    group: Any = get_command(whole())
    for command in _commands_of(group, "dossier"):
        if command.startswith("## "):
            out.append(f".SS {_roff(command[3:])}")
        elif command.startswith("| "):
            for option, value, what in re.findall(r"^\| `([^`]*)`(.*?) \| (.*) \|$", command, re.MULTILINE):
                out += [".TP", rf"\fB{_roff(option)}\fR {_roff(value)}", _roff(what)]
        elif command.startswith("    "):
            out += [".PP", "Example:", rf"\fB{_roff(command)}\fR"]
        else:
            out.append(_roff(command))
    return "\n".join(
        [*out, ".SH SEE ALSO", "The pages of the documentation, in share/dossier/docs where dossier is installed.", ""]
    )


def _roff(text: str) -> str:
    """Text of a Markdown page for roff: no line of it is taken for a command, and a hyphen stays one."""
    plain = " ".join(text.replace("`", "").replace("\\|", "|").split()).replace("\\", "\\e").replace("-", "\\-")
    return rf"\&{plain}" if plain.startswith((".", "'")) else plain


def completion(shell: str) -> str:
    """What the shell reads to complete the words of `dossier`."""
    command = Path(sys.executable).with_name("dossier")
    environ = {**os.environ, "_DOSSIER_COMPLETE": f"source_{shell}"}
    return subprocess.run([command], env=environ, capture_output=True, text=True, check=True).stdout.strip() + "\n"


PAGES = {
    "configuration.md": configuration,
    "commands.md": commands,
    "../packaging/man/dossier.1": man,
    "../packaging/completion/dossier": partial(completion, "bash"),
    "../packaging/completion/_dossier": partial(completion, "zsh"),
    "../packaging/completion/dossier.fish": partial(completion, "fish"),
}


if __name__ == "__main__":
    for name, make in PAGES.items():
        (HERE / name).write_text(make(), encoding="utf-8")
    sys.exit(0)
