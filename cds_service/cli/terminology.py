"""`cds-service terminology`: makes the drug tables anew from a release of RxNorm."""

from pathlib import Path

import click

from cds_service.knowledge import drug_files, load, rxnorm
from cds_service.knowledge.files import TABLES


@click.group("terminology")
def command() -> None:
    """Look after the drug tables."""


@command.command("build")
@click.argument("release", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--write",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder to write the files to; by default the knowledge of this installation. Read what changed before you use them.",
)
def build(release: Path, folder: Path | None) -> None:
    """Rebuild the product table and the list of other drugs from FILE, the zip of NLM's RxNorm prescribable release.

    Forms that were reviewed stay as they are. So do retired codes, since charts still hold them.
    """
    made = rxnorm.build(release, load().drugs, drug_files.lines(TABLES / drug_files.OTHERS))
    target = folder or TABLES
    (target / drug_files.PRODUCTS).write_text(made.products, encoding="utf-8")
    (target / drug_files.OTHERS).write_text(made.other_drugs, encoding="utf-8")
    click.echo(
        f"{made.added} products are new; {made.kept} that the release no longer holds were kept; written to {target}"
    )
