-- What a room's fund is spent on, and who agreed.

-- What an expense takes, where a room has said so: so many members who agree, the amount up to which none need to, and how
-- many days it waits.
CREATE TABLE spending_rules (
    room_id BIGINT NOT NULL PRIMARY KEY,
    quorum BIGINT NOT NULL,
    limit_won BIGINT NOT NULL,
    wait_days BIGINT NOT NULL,
    FOREIGN KEY (room_id) REFERENCES rooms (room_id)
) {{KEYED_TABLE}};

CREATE TABLE expenses (
    expense_id {{AUTO_ID}},
    room_id BIGINT NOT NULL,
    request_key VARCHAR(120) NOT NULL UNIQUE,
    title VARCHAR(80) NOT NULL,
    note VARCHAR(500) NOT NULL,
    amount BIGINT NOT NULL,
    -- A member, or the name of somebody outside.
    payee_id BIGINT,
    payee_name VARCHAR(80) NOT NULL,
    -- The receipt, a file of the room.
    file_id BIGINT,
    proposed_by BIGINT NOT NULL,
    proposed_at_ms BIGINT NOT NULL,
    -- As the rules were then: so many must agree, 0 for an amount within the limit; and when it is over.
    quorum BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    -- 0: its amount is not reserved yet, 1: proposed, 2: posted, 3: refused, 4: expired, 5: withdrawn.
    state BIGINT NOT NULL,
    transfer_id BIGINT UNIQUE,
    settled_at_ms BIGINT,
    CONSTRAINT expenses_are_of_something CHECK (amount > 0),
    FOREIGN KEY (room_id) REFERENCES rooms (room_id),
    FOREIGN KEY (proposed_by) REFERENCES users (user_id),
    FOREIGN KEY (transfer_id) REFERENCES transfers (transfer_id)
) {{TABLE}};
CREATE INDEX expenses_of_room ON expenses (room_id, expense_id);
CREATE INDEX expenses_by_state ON expenses (state, expense_id);

CREATE TABLE expense_votes (
    expense_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    approves BIGINT NOT NULL,
    voted_at_ms BIGINT NOT NULL,
    PRIMARY KEY (expense_id, user_id),
    FOREIGN KEY (expense_id) REFERENCES expenses (expense_id),
    FOREIGN KEY (user_id) REFERENCES users (user_id)
) {{KEYED_TABLE}};
