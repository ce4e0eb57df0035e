-- How much of what was paid for a charge, and of a member's credit, came from the wallet: so much goes back there, the rest in cash.
-- Of before it is known where no cash came; elsewhere what was paid from credit counts as cash.
ALTER TABLE dues_charges ADD COLUMN paid_by_wallet BIGINT NOT NULL DEFAULT 0;
ALTER TABLE dues_balances ADD COLUMN credit_by_wallet BIGINT NOT NULL DEFAULT 0;
UPDATE dues_charges SET paid_by_wallet = COALESCE((
    SELECT CASE WHEN b.by_cash = 0 THEN dues_charges.paid ELSE (
        SELECT COALESCE(SUM(e.to_charge), 0) FROM dues_entries e
        WHERE e.charge_id = dues_charges.charge_id AND e.kind IN (1, 4) AND dues_charges.paid > 0) END
    FROM dues_balances b WHERE b.room_id = dues_charges.room_id AND b.user_id = dues_charges.user_id), 0);
UPDATE dues_charges SET paid_by_wallet = CASE WHEN paid_by_wallet < 0 THEN 0 WHEN paid_by_wallet > paid THEN paid
                                              ELSE paid_by_wallet END;
UPDATE dues_balances SET credit_by_wallet = by_wallet - COALESCE((
    SELECT SUM(c.paid_by_wallet) FROM dues_charges c
    WHERE c.room_id = dues_balances.room_id AND c.user_id = dues_balances.user_id), 0);
UPDATE dues_balances SET credit_by_wallet = CASE WHEN credit_by_wallet < 0 THEN 0 WHEN credit_by_wallet > credit THEN credit
                                                 ELSE credit_by_wallet END;
