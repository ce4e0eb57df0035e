-- Transfers booked for a time, a row for each run: it is booked, then it has run, and the next one is booked beside.
CREATE TABLE reservations (
    reservation_id {{AUTO_ID}},
    -- The first run of the same booking; its own id in that one.
    series_id BIGINT,
    user_id BIGINT NOT NULL,
    source_id BIGINT NOT NULL,
    target_id BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    -- 1: daily, 2: monthly; the day of the month and the minute of the day that were booked.
    rhythm BIGINT NOT NULL,
    booked_day BIGINT NOT NULL,
    booked_minute BIGINT NOT NULL,
    run_at_ms BIGINT NOT NULL,
    -- 0: booked, 1: moved, 2: refused, 3: cancelled.
    state BIGINT NOT NULL,
    transfer_id BIGINT,
    failure VARCHAR(500),
    created_at_ms BIGINT NOT NULL,
    ran_at_ms BIGINT,
    CONSTRAINT reservations_move_something CHECK (amount > 0 AND source_id <> target_id),
    UNIQUE (series_id, run_at_ms),
    FOREIGN KEY (user_id) REFERENCES users (user_id),
    FOREIGN KEY (source_id) REFERENCES ledger_accounts (account_id),
    FOREIGN KEY (target_id) REFERENCES ledger_accounts (account_id),
    FOREIGN KEY (transfer_id) REFERENCES transfers (transfer_id)
) {{TABLE}};
CREATE INDEX reservations_by_time ON reservations (state, run_at_ms, reservation_id);
CREATE INDEX reservations_of_user ON reservations (user_id);

-- Who does what one server of several does, and until when.
CREATE TABLE leases (
    lease_name VARCHAR(40) NOT NULL PRIMARY KEY,
    holder VARCHAR(40) NOT NULL,
    held_until_ms BIGINT NOT NULL
) {{KEYED_TABLE}};
INSERT INTO leases (lease_name, holder, held_until_ms) VALUES ('money', '', 0);
