"""Reads SMART scopes, version 1 and 2, to know beforehand which searches the token allows."""

import re

_SCOPE = re.compile(r"(?:patient|user|system)/(?P<type>[A-Za-z]+|\*)\.(?P<may>read|write|\*|c?r?u?d?s?)(?:\?.*)?")


def allows(scope: str, resource_type: str, *, search: bool) -> bool:
    """Whether the scopes allow reading or searching a resource type.

    Scopes that hold nothing of the form of a data scope say nothing about data, so the server is asked. A version 2 scope with
    a query allows some of the type: the server filters.
    """
    found = [match for word in scope.split() if (match := _SCOPE.fullmatch(word))]
    if not found:
        return True
    return any(match["type"] in (resource_type, "*") and _may(match["may"], search=search) for match in found)


def _may(permission: str, *, search: bool) -> bool:
    if permission in ("read", "*"):
        return True
    return permission != "write" and ("s" if search else "r") in permission
