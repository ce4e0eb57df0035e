//! Compares what is stored of dues with the entries of their book, and these with the transfers.

/// What is looked for: what is wrong with those that are found, and how they are found. Each asks for the first ten.
pub(crate) const CHECKS: [(&str, &str); 7] = [
    (
        "charge {} is not what its entries add up to",
        "SELECT c.charge_id FROM dues_charges c
         LEFT JOIN (SELECT charge_id, SUM(to_charge) AS paid, SUM(to_due) AS due FROM dues_entries
                    WHERE charge_id IS NOT NULL GROUP BY charge_id) e ON e.charge_id = c.charge_id
         WHERE c.paid <> COALESCE(e.paid, 0) OR c.late_fee - c.waived <> COALESCE(e.due, 0)
         ORDER BY c.charge_id LIMIT 10",
    ),
    (
        "the dues' balance {} is not what its entries add up to",
        "SELECT b.balance_id FROM dues_balances b
         LEFT JOIN (SELECT room_id, user_id, SUM(to_credit) AS credit,
                           SUM(CASE WHEN kind IN (1, 4, 9) THEN to_charge + to_credit ELSE 0 END) AS by_wallet,
                           SUM(CASE WHEN kind IN (2, 5, 10) THEN to_charge + to_credit ELSE 0 END) AS by_cash
                    FROM dues_entries GROUP BY room_id, user_id) e
           ON e.room_id = b.room_id AND e.user_id = b.user_id
         WHERE b.credit <> COALESCE(e.credit, 0) OR b.by_wallet <> COALESCE(e.by_wallet, 0)
            OR b.by_cash <> COALESCE(e.by_cash, 0)
         ORDER BY b.balance_id LIMIT 10",
    ),
    (
        "of the dues' balance {} more is said to be from the wallet than came from it",
        "SELECT b.balance_id FROM dues_balances b
         LEFT JOIN (SELECT room_id, user_id, SUM(paid_by_wallet) AS used FROM dues_charges GROUP BY room_id, user_id) c
           ON c.room_id = b.room_id AND c.user_id = b.user_id
         WHERE b.credit_by_wallet < 0 OR b.credit_by_wallet > b.credit
            OR COALESCE(c.used, 0) + b.credit_by_wallet > b.by_wallet
         ORDER BY b.balance_id LIMIT 10",
    ),
    (
        "entry {} of the dues moves money of a balance that is not there",
        "SELECT e.entry_id FROM dues_entries e
         LEFT JOIN dues_balances b ON b.room_id = e.room_id AND b.user_id = e.user_id
         WHERE e.transfer_id IS NOT NULL AND b.balance_id IS NULL ORDER BY e.entry_id LIMIT 10",
    ),
    (
        "transfer {} was made for dues, and their book has not as much of it",
        "SELECT t.transfer_id FROM transfers t LEFT JOIN dues_entries e ON e.transfer_id = t.transfer_id
         WHERE t.purpose_kind IN (1, 2, 3, 4) AND t.state = 1
           AND (e.entry_id IS NULL OR ABS(e.to_charge + e.to_credit) <> t.amount)
         ORDER BY t.transfer_id LIMIT 10",
    ),
    (
        "entry {} of the dues moves money by no transfer",
        "SELECT e.entry_id FROM dues_entries e LEFT JOIN transfers t ON t.transfer_id = e.transfer_id
         WHERE e.kind IN (1, 2, 4, 5, 9, 10) AND (t.transfer_id IS NULL OR t.state <> 1 OR t.purpose_kind IS NULL)
         ORDER BY e.entry_id LIMIT 10",
    ),
    (
        "request {} does not count its charges",
        "SELECT q.request_id FROM dues_requests q
         LEFT JOIN (SELECT request_id, SUM(paid) AS collected,
                           SUM(CASE WHEN is_void = 0 AND paid + waived < amount + late_fee THEN 1
                                    WHEN is_void = 0 AND paid > 0 THEN 1 ELSE 0 END) AS asked_of,
                           SUM(CASE WHEN is_void = 0 AND paid > 0 AND paid + waived = amount + late_fee
                                    THEN 1 ELSE 0 END) AS paid_by
                    FROM dues_charges GROUP BY request_id) c ON c.request_id = q.request_id
         WHERE q.collected <> COALESCE(c.collected, 0) OR q.asked_of <> COALESCE(c.asked_of, 0)
            OR q.paid_by <> COALESCE(c.paid_by, 0)
         ORDER BY q.request_id LIMIT 10",
    ),
];
