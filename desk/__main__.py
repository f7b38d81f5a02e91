"""`python -m desk` is `dossier`."""

from desk.cli.main import main

main()
