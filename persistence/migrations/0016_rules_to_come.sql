-- Rules of spending that are looser than those in force come into force later: these, from then on.
ALTER TABLE spending_rules ADD COLUMN next_quorum BIGINT;
ALTER TABLE spending_rules ADD COLUMN next_limit_won BIGINT;
ALTER TABLE spending_rules ADD COLUMN next_wait_days BIGINT;
ALTER TABLE spending_rules ADD COLUMN next_from_ms BIGINT;
