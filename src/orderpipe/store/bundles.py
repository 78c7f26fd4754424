"""
Letters that become one: what was told about an order within the shop's pause, and text messages that waited for the morning meanwhile.

The newest letter tells it all; the others stay in the books as superseded by it. Only what waits is touched, never what a sender has.
"""

from collections.abc import Sequence

from orderpipe.domain.kinds import BUNDLED, KINDS, OUTDATED
from orderpipe.store.metadata import Tx, text

# what goes out goes when the first of them would have, so that a stream of changes cannot hold it back for ever
_TAKE_IN = text("""
    WITH kinds AS (
        SELECT * FROM unnest(CAST(:kinds AS text[]), CAST(:bundles AS text[]), CAST(:keeping AS boolean[])) AS k(kind, bundle, keeps)
    ), outdated AS (
        SELECT * FROM unnest(CAST(:newer AS text[]), CAST(:older AS text[])) AS o(newer, older)
    ), fresh AS (
        SELECT n.id, n.order_id, n.recipient, n.channel, n.kind, k.bundle, k.keeps
        FROM notification n LEFT JOIN kinds k ON k.kind = n.kind WHERE n.id = ANY(CAST(:ids AS bigint[]))
    ), taken AS MATERIALIZED (
        SELECT n.id, n.kind, n.facts, n.next_at, f.newest, f.keeps
        FROM (SELECT max(id) AS newest, order_id, recipient, channel, kind, bundle, keeps FROM fresh GROUP BY 2, 3, 4, 5, 6, 7) f
        JOIN notification n ON n.order_id = f.order_id AND n.recipient = f.recipient AND n.channel = f.channel AND n.state = 'pending'
        WHERE n.id < f.newest AND (EXISTS (SELECT FROM kinds k WHERE k.kind = n.kind AND k.bundle = f.bundle)
            OR n.channel = 'sms' AND EXISTS (SELECT FROM outdated o WHERE o.newer = f.kind AND o.older = n.kind))
        ORDER BY n.id FOR UPDATE OF n
    ), closed AS (
        UPDATE notification n SET state = 'superseded', next_at = NULL, superseded_by = t.newest
        FROM (SELECT id, max(newest) AS newest FROM taken GROUP BY id) t WHERE n.id = t.id
    ), gathered AS (
        SELECT newest, min(t.next_at) AS next_at,
            jsonb_agg(coalesce(t.facts -> 'earlier', '[]') || jsonb_build_array(t.facts - 'earlier') ORDER BY t.id)
                FILTER (WHERE t.keeps AND t.kind = n.kind) AS earlier
        FROM taken t JOIN notification n ON n.id = t.newest GROUP BY newest
    )
    UPDATE notification n SET next_at = least(n.next_at, g.next_at), facts = CASE WHEN g.earlier IS NULL THEN n.facts
        ELSE n.facts || jsonb_build_object('earlier', (SELECT jsonb_agg(one ORDER BY at, place)
            FROM jsonb_array_elements(g.earlier) WITH ORDINALITY AS lists(list, at),
                jsonb_array_elements(list) WITH ORDINALITY AS told(one, place))) END
    FROM gathered g WHERE n.id = g.newest AND n.state = 'pending' AND n.id NOT IN (SELECT id FROM taken)
""")
_KINDS = {
    "kinds": list(BUNDLED), "bundles": list(BUNDLED.values()), "keeping": [KINDS[name].keeps for name in BUNDLED],
    "newer": [newer for newer, _ in OUTDATED], "older": [older for _, older in OUTDATED],
}


def take_in(tx: Tx, newest: Sequence[int]) -> None:
    """Let these letters, which this transaction has just written, tell what older ones of their bundle would have told."""
    tx.execute(_TAKE_IN, {"ids": list(newest)} | _KINDS)
