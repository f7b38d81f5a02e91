"""`python -m desk` is `dossier`."""

from desk.cli import main

main()
