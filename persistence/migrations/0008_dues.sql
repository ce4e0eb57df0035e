-- Dues: what a room asks of its members, and what of it was paid. `dues_entries` is append only; the other tables say what
-- it has come to, and `moim ledger verify` compares them with it and with the transfers.

-- The room whose dues a group's wallet keeps: its fund. Kind 5 of an account is the cash that a room's treasurer holds.
ALTER TABLE ledger_accounts ADD COLUMN fund_of BIGINT;
CREATE UNIQUE INDEX ledger_accounts_fund ON ledger_accounts (fund_of);

-- What a transfer was made for, as `ledger/purpose.rs` numbers it.
ALTER TABLE transfers ADD COLUMN purpose_kind BIGINT;
ALTER TABLE transfers ADD COLUMN purpose_id BIGINT;
CREATE INDEX transfers_by_purpose ON transfers (purpose_kind, purpose_id);

-- Texts of changes that are longer than a name; those of money are in `money_notices`.
CREATE TABLE change_texts (
    room_id BIGINT NOT NULL,
    change_number BIGINT NOT NULL,
    change_text VARCHAR(4000) NOT NULL,
    PRIMARY KEY (room_id, change_number),
    FOREIGN KEY (room_id) REFERENCES rooms (room_id)
) {{KEYED_TABLE}};

-- Days are numbers of the form 20261205.
CREATE TABLE dues_plans (
    plan_id {{AUTO_ID}},
    room_id BIGINT NOT NULL,
    request_key VARCHAR(120) NOT NULL UNIQUE,
    title VARCHAR(80) NOT NULL,
    -- 1: the same of each, 2: of each his own, 3: by tiers, 4: a sum shared by all.
    amount_kind BIGINT NOT NULL,
    -- Of each, of those without one of their own, or the sum.
    amount BIGINT NOT NULL,
    first_due_day BIGINT NOT NULL,
    -- 0: once, -1: monthly, above: every so many weeks.
    rhythm BIGINT NOT NULL,
    ask_days BIGINT NOT NULL,
    grace_days BIGINT NOT NULL,
    late_fee BIGINT NOT NULL,
    -- Periods asked for since `first_due_day`, and the last day that was; the next one, and when it is asked for.
    periods BIGINT NOT NULL,
    last_due_day BIGINT,
    next_due_day BIGINT,
    next_ask_at_ms BIGINT,
    created_by BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    ended_at_ms BIGINT,
    CONSTRAINT dues_plans_ask_for_something CHECK (amount >= 0 AND late_fee >= 0 AND ask_days >= 0 AND grace_days >= 0),
    FOREIGN KEY (room_id) REFERENCES rooms (room_id)
) {{TABLE}};
CREATE INDEX dues_plans_of_room ON dues_plans (room_id);
CREATE INDEX dues_plans_by_time ON dues_plans (next_ask_at_ms, plan_id);

CREATE TABLE dues_tiers (
    plan_id BIGINT NOT NULL,
    tier_number BIGINT NOT NULL,
    name VARCHAR(40) NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (plan_id, tier_number),
    FOREIGN KEY (plan_id) REFERENCES dues_plans (plan_id)
) {{KEYED_TABLE}};

-- What a plan says of single members: an amount, a tier, or why nothing is asked.
CREATE TABLE dues_plan_members (
    plan_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    amount BIGINT,
    tier_number BIGINT,
    exempt VARCHAR(200),
    PRIMARY KEY (plan_id, user_id),
    FOREIGN KEY (plan_id) REFERENCES dues_plans (plan_id),
    FOREIGN KEY (user_id) REFERENCES users (user_id)
) {{KEYED_TABLE}};

-- A period of a plan that was asked for: all of it copied, so that a changed plan changes nothing of it.
CREATE TABLE dues_requests (
    request_id {{AUTO_ID}},
    plan_id BIGINT NOT NULL,
    room_id BIGINT NOT NULL,
    title VARCHAR(80) NOT NULL,
    due_day BIGINT NOT NULL,
    grace_days BIGINT NOT NULL,
    late_fee BIGINT NOT NULL,
    -- Of a shared sum: how many pay one won more than the others.
    odd_won BIGINT NOT NULL,
    asked_at_ms BIGINT NOT NULL,
    -- Charges that are neither void nor exempt, those of them that are paid, and what was paid for all.
    asked_of BIGINT NOT NULL,
    paid_by BIGINT NOT NULL,
    collected BIGINT NOT NULL,
    -- What comes next of it, and when; none where nothing does.
    next_step BIGINT NOT NULL,
    next_step_at_ms BIGINT,
    UNIQUE (plan_id, due_day),
    FOREIGN KEY (plan_id) REFERENCES dues_plans (plan_id),
    FOREIGN KEY (room_id) REFERENCES rooms (room_id)
) {{TABLE}};
CREATE INDEX dues_requests_of_room ON dues_requests (room_id, request_id);
CREATE INDEX dues_requests_by_time ON dues_requests (next_step_at_ms, request_id);

CREATE TABLE dues_charges (
    charge_id {{AUTO_ID}},
    request_id BIGINT NOT NULL,
    room_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    late_fee BIGINT NOT NULL,
    waived BIGINT NOT NULL,
    paid BIGINT NOT NULL,
    is_void BIGINT NOT NULL,
    reason VARCHAR(200) NOT NULL,
    CONSTRAINT dues_charges_are_not_overpaid CHECK (paid >= 0 AND waived >= 0 AND late_fee >= 0 AND
                                                    paid + waived <= amount + late_fee),
    UNIQUE (request_id, user_id),
    FOREIGN KEY (request_id) REFERENCES dues_requests (request_id),
    FOREIGN KEY (room_id) REFERENCES rooms (room_id),
    FOREIGN KEY (user_id) REFERENCES users (user_id)
) {{TABLE}};
CREATE INDEX dues_charges_of_user ON dues_charges (user_id, charge_id);

-- What came of a member less what was given back, by which way, and what of it is for no charge yet.
CREATE TABLE dues_balances (
    balance_id {{AUTO_ID}},
    room_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    by_wallet BIGINT NOT NULL,
    by_cash BIGINT NOT NULL,
    credit BIGINT NOT NULL,
    -- Of one who has left: when the credit goes back to the wallet.
    settle_at_ms BIGINT,
    CONSTRAINT dues_balances_are_held CHECK (by_wallet >= 0 AND by_cash >= 0 AND credit >= 0 AND
                                             credit <= by_wallet + by_cash),
    UNIQUE (room_id, user_id),
    FOREIGN KEY (room_id) REFERENCES rooms (room_id),
    FOREIGN KEY (user_id) REFERENCES users (user_id)
) {{TABLE}};
CREATE INDEX dues_balances_by_time ON dues_balances (settle_at_ms);

-- Cash that the treasurer says he was given; it counts once a second member says so, too.
CREATE TABLE dues_receipts (
    receipt_id {{AUTO_ID}},
    room_id BIGINT NOT NULL,
    charge_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    note VARCHAR(200) NOT NULL,
    request_key VARCHAR(120) NOT NULL UNIQUE,
    recorded_by BIGINT NOT NULL,
    recorded_at_ms BIGINT NOT NULL,
    -- 0: waits, 1: confirmed, 2: denied.
    state BIGINT NOT NULL,
    settled_by BIGINT,
    settled_at_ms BIGINT,
    CONSTRAINT dues_receipts_are_of_something CHECK (amount > 0),
    CONSTRAINT dues_receipts_have_two_people CHECK (state <> 1 OR settled_by <> recorded_by),
    FOREIGN KEY (charge_id) REFERENCES dues_charges (charge_id)
) {{TABLE}};
CREATE INDEX dues_receipts_of_room ON dues_receipts (room_id, state, receipt_id);

-- What happened to a member's dues, in its order.
CREATE TABLE dues_entries (
    entry_id {{AUTO_ID}},
    room_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    charge_id BIGINT,
    kind BIGINT NOT NULL,
    -- What it did to the charge's `paid`, and to the member's credit.
    to_charge BIGINT NOT NULL,
    to_credit BIGINT NOT NULL,
    -- What it did to what is asked: a late fee, or a waived part below zero.
    to_due BIGINT NOT NULL,
    transfer_id BIGINT,
    actor_id BIGINT NOT NULL,
    note VARCHAR(200) NOT NULL,
    at_ms BIGINT NOT NULL,
    UNIQUE (transfer_id),
    FOREIGN KEY (charge_id) REFERENCES dues_charges (charge_id),
    FOREIGN KEY (transfer_id) REFERENCES transfers (transfer_id)
) {{TABLE}};
CREATE INDEX dues_entries_of_room ON dues_entries (room_id, entry_id);
CREATE INDEX dues_entries_of_user ON dues_entries (user_id, entry_id);
CREATE INDEX dues_entries_of_charge ON dues_entries (charge_id, entry_id);
