"""For all tests. It being here also lets them import what lies beside it (offices.py)."""

from __future__ import annotations

import os
import shutil

import pytest


def need(program: str) -> str:
    """The path of a program that a test uses; skips the test where it lacks, except on a build server, where it must be there."""
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if path is None and os.environ.get("CI") == "true":
        pytest.fail(f"{program} is not installed, and CI=true: add its package to .ci/run")
    if path is None:
        pytest.skip(f"{program} is not installed")
    return path
