"""A part of the addresses that is imported when one of them is asked for first.

ninja and pydantic with their schemas take some 15 MB, which a server without programs does
not carry.
"""

from django.urls import URLResolver
from django.urls.resolvers import RoutePattern


class Later(URLResolver):
    """Addresses below `route`, of the module `urls`. They have no names: nobody links to them."""

    def __init__(self, route: str, urls: str) -> None:
        super().__init__(RoutePattern(route), urls, app_name="later", namespace=route)

    def _populate(self) -> None:
        """Asked when names are looked up: there are none, and so nothing is imported."""
