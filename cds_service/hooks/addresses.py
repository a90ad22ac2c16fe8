"""Where the service is found: one id for all hooks below `/cds-services`, an id a hook below `/by-hook/cds-services`.

The specification lets several hooks share an id, and recommends it for cards that replace each other. Some clients nevertheless
keep services by discovery address and id, and of several entries with one id only the last; others take the first that has the id.
They find every hook at the second address.
"""

from collections.abc import Collection, Mapping

from msgspec import Struct

from cds_service.hook import Hook

SERVICE_ID = "vertebroplasty-suitability"


class Service(Struct, frozen=True):
    """What calls are posted to: an id below a discovery address, and the hooks that are listed with it."""

    discovery: str
    id: str
    hooks: frozenset[Hook]

    @property
    def path(self) -> str:
        """Where hook calls are posted."""
        return f"{self.discovery}/{self.id}"

    @property
    def feedback(self) -> str:
        """Where feedback is posted."""
        return f"{self.path}/feedback"

    def answered(self, offered: Collection[Hook]) -> frozenset[Hook]:
        """Of the hooks that a client is offered, those whose calls are answered here; none where the service is not offered to it.

        order-sign is answered at order-select's address too, as the call that it is: the public sandbox names the hook of its link,
        whichever service it calls, and the full check leaves out nothing that a selection would get. The other way round it would
        (a draft that is not selected), so order-select is refused at order-sign's address.
        """
        if not self.hooks.intersection(offered):
            return frozenset()
        also = {Hook.ORDER_SIGN} if Hook.ORDER_SELECT in self.hooks else set()
        return (self.hooks | also).intersection(offered)


class DiscoveryAddress(Struct, frozen=True):
    """A discovery address, with the id that each hook has there."""

    path: str
    ids: Mapping[Hook, str]

    def services(self, offered: Collection[Hook] = tuple(Hook)) -> tuple[Service, ...]:
        """The services that list any of the hooks `offered`, in the order in which hooks are declared."""
        ids = dict.fromkeys(self.ids[hook] for hook in Hook if hook in offered)
        return tuple(
            Service(self.path, own, frozenset(hook for hook, name in self.ids.items() if name == own)) for own in ids
        )


ONE_ID = DiscoveryAddress("/cds-services", dict.fromkeys(Hook, SERVICE_ID))
BY_HOOK = DiscoveryAddress("/by-hook/cds-services", {hook: f"{SERVICE_ID}--{hook}" for hook in Hook})
LISTINGS = (ONE_ID, BY_HOOK)


def listing_at(address: str) -> tuple[str, DiscoveryAddress]:
    """What an address of the service begins with, and the listing that it leads to: by default that of one id.

    `address` may be that of a discovery document, or what stands in front of `/cds-services`.
    """
    bare = address.rstrip("/")
    discovery = bare if bare.endswith(ONE_ID.path) else bare + ONE_ID.path
    listing = max((item for item in LISTINGS if discovery.endswith(item.path)), key=lambda item: len(item.path))
    return discovery.removesuffix(listing.path), listing
