"""The operations, by what they are about. Each parses, calls an action or query, and says it."""

from salotto.api.views import buying, invoices, members, requests, seats

BY_TAG = {
    "Seats": seats,
    "Assignments": members,
    "Buying": buying,
    "Requests": requests,
    "Invoices": invoices,
}
"""All of them: whoever imports this has every operation registered."""
