"""The texts under the models' fields as their descriptions, for JSON Schemas and the reference.

pydantic could read them itself when it makes the models, but every command would wait for that.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from functools import cache

from dossier.office import keys


@cache
def describe_models() -> None:
    """Give every field of the models in keys.py the text that stands under it there."""
    models = [one for one in vars(keys).values() if inspect.isclass(one) and issubclass(one, keys.Strict)]
    texts = {node.name: dict(_texts(node)) for node in ast.parse(inspect.getsource(keys)).body if isinstance(node, ast.ClassDef)}
    for model in models:
        for name, text in texts[model.__name__].items():
            model.model_fields[name].description = text
    for model in models:
        model.model_rebuild(force=True)


def _texts(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for one, other in zip(node.body, node.body[1:], strict=False):
        if not (isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and isinstance(other, ast.Expr)):
            continue
        if isinstance(other.value, ast.Constant) and isinstance(other.value.value, str):
            yield one.target.id, " ".join(other.value.value.split())
