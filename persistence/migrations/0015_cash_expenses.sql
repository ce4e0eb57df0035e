-- 1: paid from the cash in the treasurer's hands, not out of the fund.
ALTER TABLE expenses ADD COLUMN in_cash BIGINT NOT NULL DEFAULT 0;
