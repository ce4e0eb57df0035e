-- Who did what with money, when, and from where. Append only: written by the transaction of what it tells of.
CREATE TABLE audit_lines (
    audit_id {{AUTO_ID}},
    at_ms BIGINT NOT NULL,
    -- 0: nobody, but the operator, the server or the bank.
    actor_id BIGINT NOT NULL,
    -- 0: from before such lines were kept, 1: the server, 2: an operator, 3: HTTP, 4: a native client, 5: the bank.
    via BIGINT NOT NULL,
    address VARCHAR(45) NOT NULL,
    -- As `audit/action.rs` numbers them; below 20: of a transfer.
    action BIGINT NOT NULL,
    room_id BIGINT,
    -- The number of what the action is about.
    subject BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    detail VARCHAR(200) NOT NULL,
    FOREIGN KEY (room_id) REFERENCES rooms (room_id)
) {{TABLE}};
CREATE INDEX audit_lines_of_room ON audit_lines (room_id, audit_id);
CREATE INDEX audit_lines_of_actor ON audit_lines (actor_id, audit_id);
CREATE INDEX audit_lines_of_subject ON audit_lines (subject, action);

-- Transfers from before, each as it stands: all but from where is known of them.
INSERT INTO audit_lines (at_ms, actor_id, via, address, action, room_id, subject, amount, detail)
SELECT t.created_at_ms, t.actor_id, 0, '',
       CASE WHEN t.purpose_kind = 5 THEN CASE t.state WHEN 1 THEN 15 WHEN 2 THEN 16 ELSE 14 END
            WHEN t.purpose_kind IS NOT NULL THEN t.purpose_kind + 9
            WHEN t.corrects_id IS NOT NULL THEN 7
            WHEN t.expires_at_ms IS NOT NULL THEN CASE t.state WHEN 1 THEN 4 WHEN 2 THEN 5 ELSE 3 END
            WHEN t.request_key LIKE '% runs %' THEN 8 WHEN t.source_id = 1 THEN 2 ELSE 1 END,
       COALESCE(s.room_id, e.room_id), t.transfer_id, t.amount, ''
FROM transfers t
JOIN ledger_accounts s ON s.account_id = t.source_id
JOIN ledger_accounts e ON e.account_id = t.target_id
ORDER BY t.transfer_id;
