"""The command line: each module in this package is one command, found by its name and loaded when it is called."""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import click

from cds_service import __version__
from cds_service.errors import ServiceError


class Commands(click.Group):
    """A group whose commands are the modules beside this one, each with an attribute `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The names, in order; a module that is no command drops out when it is loaded."""
        return sorted(module.name for module in iter_modules(__path__) if not module.name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command = getattr(import_module(f"{__name__}.{cmd_name}"), "command", None)
        return command if isinstance(command, click.Command) else None

    def invoke(self, ctx: click.Context) -> Any:
        """Runs it; an error of ours is told in its own words, without a trace."""
        try:
            return super().invoke(ctx)
        except ServiceError as error:
            raise click.ClickException(str(error)) from None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """A CDS Hooks service that says whether vertebroplasty suits a patient now, and the tools that go with it."""
