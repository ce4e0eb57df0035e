-- Who is no member of a room any more takes part in none of its wallets. In a deleted room those stay who were there to its end, whom
-- nothing tells from others any more.
DELETE FROM ledger_participants WHERE EXISTS (
    SELECT 1 FROM ledger_accounts a
    JOIN rooms r ON r.room_id = a.room_id AND r.deleted_at_ms IS NULL
    JOIN memberships m ON m.room_id = a.room_id AND m.has_left = 1
    WHERE a.account_id = ledger_participants.account_id AND m.user_id = ledger_participants.user_id
);
