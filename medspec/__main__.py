"""`python -m medspec` is `medspec`."""

from medspec.cli.app import main

main()
