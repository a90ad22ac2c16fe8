"""Runs the command line as `python -m cds_service.cli`."""

from cds_service.cli import main

main(prog_name="cds-service")
