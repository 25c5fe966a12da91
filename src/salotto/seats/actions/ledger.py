"""The seat ledger follows the money: every change of the paid quantity becomes a row."""

from datetime import datetime

from django.db import connection

from salotto.live.actions import emit

FOLLOW = """
WITH change AS (
    -- Agents <= seats at every commit: a quantity below the agents (a trial that is over) leaves
    -- each of them the own seat. The trigger seats_follow_ledger sets the plan.
    INSERT INTO seats_seatchange (account_id, at, actor_id, kind, seats_after, seats_at_renewal, reason)
    SELECT plan.account_id, %(at)s, %(actor)s, %(kind)s, greatest(%(quantity)s, plan.agents), %(next)s,
           %(reason)s
      FROM seats_seatplan plan WHERE plan.account_id = %(account)s
), closed AS (
    -- What became of a scheduled request: bought again (rule 18), or effective with a renewal.
    UPDATE seats_seatrequest r SET
           quantity = CASE WHEN %(kind)s = 'bought' AND %(next)s < %(quantity)s
                           THEN least(r.quantity, %(quantity)s - %(next)s) ELSE r.quantity END,
           state = CASE WHEN %(next)s < %(quantity)s THEN r.state
                        WHEN %(kind)s = 'bought' THEN 'withdrawn' ELSE 'done' END,
           closed_at = CASE WHEN %(next)s < %(quantity)s THEN NULL ELSE %(at)s END
     WHERE r.account_id = %(account)s AND r.state = 'scheduled'
       AND (r.kind = 'remove' AND %(kind)s = 'bought' OR %(kind)s IN ('renewed', 'removed'))
    RETURNING r.id, r.state, r.quantity
), told AS (
    INSERT INTO core_audit (account_id, at, actor_id, verb, subject, detail)
    SELECT %(account)s, now(), %(actor)s, 'seats.request_followed', 'request ' || closed.id,
           jsonb_build_object('state', closed.state, 'quantity', closed.quantity, 'reason', %(kind)s)
      FROM closed
)
SELECT id, state FROM closed
"""


def follow(
    account_id: int,
    *,
    actor: int | None,
    kind: str,
    quantity: int,
    quantity_next: int,
    reason: str,
    at: datetime,
) -> int | None:
    """Append the change to the seat ledger and tell the pages; two statements, in the caller's
    transaction.

    `quantity` seats now and `quantity_next` at the next renewal, `at` by the account's clock.
    A scheduled request is reduced or closed with it. Gives the id of a removal that a renewal
    could not carry out whole, because more agents are assigned (rule 19).
    """
    given = {
        "account": account_id, "actor": actor, "kind": kind, "quantity": quantity, "next": quantity_next,
        "reason": reason[:200], "at": at,
    }  # fmt: skip
    with connection.cursor() as db:
        db.execute(FOLLOW, given)
        row = db.fetchone()
    emit(account_id, "seats.changed")
    still_waits = row is not None and row[1] == "scheduled" and kind != "bought"
    return int(row[0]) if row is not None and still_waits else None
