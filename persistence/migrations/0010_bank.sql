-- What the bank told of money that came in, each notice once, by the bank's own number.
CREATE TABLE bank_deposits (
    deposit_id {{AUTO_ID}},
    bank_id VARCHAR(64) NOT NULL UNIQUE,
    -- As the payer wrote it, and who he is to the bank.
    reference VARCHAR(200) NOT NULL,
    payer VARCHAR(80) NOT NULL,
    amount BIGINT NOT NULL,
    -- The bank's number of the notice that was wrong, and that this one replaces.
    corrects VARCHAR(64) UNIQUE,
    -- Whose it is: by the reference, or as the operator said.
    wallet_id BIGINT,
    -- 0: to be credited, 1: credited, 2: nobody's, 3: replaced, 4: stuck, 5: came before what it corrects.
    state BIGINT NOT NULL,
    transfer_id BIGINT,
    failure VARCHAR(500),
    told_at_ms BIGINT NOT NULL,
    settled_at_ms BIGINT,
    CONSTRAINT bank_deposits_bring_something CHECK (amount > 0 OR (amount = 0 AND corrects IS NOT NULL)),
    FOREIGN KEY (wallet_id) REFERENCES ledger_accounts (account_id),
    FOREIGN KEY (transfer_id) REFERENCES transfers (transfer_id)
) {{TABLE}};
CREATE INDEX bank_deposits_by_state ON bank_deposits (state, deposit_id);

-- Notices that contradict one that came before. They were refused; somebody has to ask the bank.
CREATE TABLE bank_conflicts (
    conflict_id {{AUTO_ID}},
    bank_id VARCHAR(64) NOT NULL,
    reference VARCHAR(200) NOT NULL,
    amount BIGINT NOT NULL,
    corrects VARCHAR(64) NOT NULL,
    told_at_ms BIGINT NOT NULL
) {{TABLE}};
CREATE INDEX bank_conflicts_of ON bank_conflicts (bank_id, amount);
