"""CDS Hooks as they go over the wire: the request that an EHR sends and the discovery document that it reads."""

from cds_service.hooks.addresses import BY_HOOK, LISTINGS, ONE_ID, SERVICE_ID, DiscoveryAddress, Service, listing_at
from cds_service.hooks.discovery import USAGE, Offer, discovery
from cds_service.hooks.origin import ORIGIN_HEADER, origin_of
from cds_service.hooks.request import Authorization, HookRequest, read_request

__all__ = [
    "BY_HOOK",
    "LISTINGS",
    "ONE_ID",
    "ORIGIN_HEADER",
    "SERVICE_ID",
    "USAGE",
    "Authorization",
    "DiscoveryAddress",
    "HookRequest",
    "Offer",
    "Service",
    "discovery",
    "listing_at",
    "origin_of",
    "read_request",
]
