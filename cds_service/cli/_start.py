"""What would stop each process of the server: `serve` looks for it first, so that it is told once, and `config check` tells it."""

from cds_service.settings import Settings


def check_knowledge(settings: Settings) -> None:
    """Raises KnowledgeError for a broken file, or an overlay that weakens what guards the patient."""
    from cds_service.service import site_of

    for client in settings.clients or (None,):
        site_of(settings, client)


def check_rules() -> None:
    """Raises RoleError if no rule fills a role that the service cannot do without."""
    from cds_service.service import require_roles

    require_roles()


def check_files(settings: Settings) -> None:
    """Raises SettingsError for a file of keys, or of certificate authorities, that cannot be used."""
    from cds_service.auth.keys import Keys
    from cds_service.fetch import Fetcher

    fetcher = Fetcher(settings.body_limit, settings.certificate_authorities)
    for client in settings.clients:
        Keys(client, fetcher.read)
    fetcher.close()
