"""Options and output that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click
from rich.console import Console

from cds_service.settings import CONFIG_VARIABLE

Command = TypeVar("Command", bound=Callable[..., object])
console = Console(highlight=False)


def config_option(command: Command) -> Command:
    """`--config FILE`, else the file that the environment names."""
    return click.option(
        "--config",
        type=click.Path(dir_okay=False, path_type=Path),
        envvar=CONFIG_VARIABLE,
        help="TOML file with settings.",
    )(command)
