"""CDS Hooks as they go over the wire: the request that an EHR sends and the discovery document that it reads."""

from cds_service.hooks.discovery import DISCOVERY, FEEDBACK, SERVICE, SERVICE_ID, USAGE, Offer, discovery
from cds_service.hooks.request import Authorization, HookRequest, read_request

__all__ = [
    "DISCOVERY",
    "FEEDBACK",
    "SERVICE",
    "SERVICE_ID",
    "USAGE",
    "Authorization",
    "HookRequest",
    "Offer",
    "discovery",
    "read_request",
]
