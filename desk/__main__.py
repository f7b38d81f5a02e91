"""`python -m desk` is `dossier`."""

from desk.cli.start import main

main()
