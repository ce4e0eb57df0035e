-- Money: double entry, append only. Accounts have what they hold; a transfer moves it; postings are its two entries.
CREATE TABLE ledger_accounts (
    account_id {{AUTO_ID}},
    kind BIGINT NOT NULL,
    currency VARCHAR(3) NOT NULL,
    -- Of a member's wallet; `wallet_of` as long as it is open, so that there is one of each.
    owner_id BIGINT,
    wallet_of BIGINT UNIQUE,
    -- Of a group's wallet.
    room_id BIGINT,
    name VARCHAR(80) NOT NULL,
    description VARCHAR(1000) NOT NULL,
    password_hash VARCHAR(255) NOT NULL,
    balance BIGINT NOT NULL,
    reserved BIGINT NOT NULL,
    -- Entries written, and the hash of the last of them in hexadecimal digits.
    entries BIGINT NOT NULL,
    head VARCHAR(64) NOT NULL,
    created_at_ms BIGINT NOT NULL,
    closed_at_ms BIGINT,
    -- Kind 3 is the world outside, which owes what came in.
    CONSTRAINT ledger_balance_not_negative CHECK (kind = 3 OR balance >= 0),
    CONSTRAINT ledger_reserved_is_held CHECK (reserved >= 0 AND (kind = 3 OR reserved <= balance)),
    CONSTRAINT ledger_closed_is_empty CHECK (closed_at_ms IS NULL OR balance = 0),
    FOREIGN KEY (owner_id) REFERENCES users (user_id),
    FOREIGN KEY (room_id) REFERENCES rooms (room_id)
) {{TABLE}};
CREATE INDEX ledger_accounts_of_room ON ledger_accounts (room_id);

-- 1: the world outside, 2: fees. Every chain begins with the hash of zeros.
INSERT INTO ledger_accounts (account_id, kind, currency, name, description, password_hash, balance, reserved, entries,
                             head, created_at_ms)
VALUES (1, 3, 'KRW', 'external', '', '', 0, 0, 0, '0000000000000000000000000000000000000000000000000000000000000000', 0),
       (2, 4, 'KRW', 'fees', '', '', 0, 0, 0, '0000000000000000000000000000000000000000000000000000000000000000', 0);

-- Who takes part in a group's wallet.
CREATE TABLE ledger_participants (
    account_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    is_admin BIGINT NOT NULL,
    PRIMARY KEY (account_id, user_id),
    FOREIGN KEY (account_id) REFERENCES ledger_accounts (account_id),
    FOREIGN KEY (user_id) REFERENCES users (user_id)
) {{KEYED_TABLE}};
CREATE INDEX ledger_participants_of_user ON ledger_participants (user_id);

CREATE TABLE transfers (
    transfer_id BIGINT NOT NULL PRIMARY KEY,
    actor_id BIGINT NOT NULL,
    -- The actor, and the key that he gave the request.
    request_key VARCHAR(120) NOT NULL UNIQUE,
    source_id BIGINT NOT NULL,
    target_id BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    -- 0: pending, 1: posted, 2: voided.
    state BIGINT NOT NULL,
    corrects_id BIGINT UNIQUE,
    created_at_ms BIGINT NOT NULL,
    settled_at_ms BIGINT,
    -- Of one that is to be posted or voided by then.
    expires_at_ms BIGINT,
    CONSTRAINT transfers_move_something CHECK (amount > 0 AND source_id <> target_id),
    CONSTRAINT transfers_are_settled_once CHECK ((state = 0) = (settled_at_ms IS NULL)),
    FOREIGN KEY (source_id) REFERENCES ledger_accounts (account_id),
    FOREIGN KEY (target_id) REFERENCES ledger_accounts (account_id),
    FOREIGN KEY (corrects_id) REFERENCES transfers (transfer_id)
) {{KEYED_TABLE}};
CREATE INDEX transfers_by_expiry ON transfers (state, expires_at_ms);

-- An account's entries, a chain each: every one has the hash of the one before it in its own.
CREATE TABLE postings (
    account_id BIGINT NOT NULL,
    entry_number BIGINT NOT NULL,
    transfer_id BIGINT NOT NULL,
    counterpart_id BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    balance_before BIGINT NOT NULL,
    balance_after BIGINT NOT NULL,
    posted_at_ms BIGINT NOT NULL,
    hash VARCHAR(64) NOT NULL,
    PRIMARY KEY (account_id, entry_number),
    CONSTRAINT postings_add_up CHECK (balance_after = balance_before + amount AND amount <> 0),
    UNIQUE (transfer_id, account_id),
    FOREIGN KEY (account_id) REFERENCES ledger_accounts (account_id),
    FOREIGN KEY (transfer_id) REFERENCES transfers (transfer_id)
) {{KEYED_TABLE}};

-- What a room is told of an entry of its wallet: written with the entry, beside the change of the room that carries it.
CREATE TABLE money_notices (
    room_id BIGINT NOT NULL,
    change_number BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    entry_number BIGINT NOT NULL,
    notice VARCHAR(1500) NOT NULL,
    PRIMARY KEY (room_id, change_number),
    UNIQUE (account_id, entry_number),
    FOREIGN KEY (account_id, entry_number) REFERENCES postings (account_id, entry_number)
) {{KEYED_TABLE}};

-- Numbers of transfers are taken from here a thousand at a time.
CREATE TABLE ledger_numbers (
    series BIGINT NOT NULL PRIMARY KEY,
    next_number BIGINT NOT NULL
) {{KEYED_TABLE}};
INSERT INTO ledger_numbers (series, next_number) VALUES (1, 1);
