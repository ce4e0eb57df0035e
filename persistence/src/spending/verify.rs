//! Compares what is stored of expenses with the transfers that reserve and pay them, and with the votes.

/// What is looked for: what is wrong with those that are found, and how they are found. Each asks for the first ten.
pub(crate) const CHECKS: [(&str, &str); 4] = [
    (
        "expense {} is paid, and no transfer for it of its amount is posted",
        "SELECT e.expense_id FROM expenses e LEFT JOIN transfers t ON t.transfer_id = e.transfer_id
         WHERE e.state = 2 AND (t.transfer_id IS NULL OR t.state <> 1 OR t.amount <> e.amount
                                OR COALESCE(t.purpose_kind, 0) <> 5 OR t.purpose_id <> e.expense_id)
         ORDER BY e.expense_id LIMIT 10",
    ),
    (
        "expense {} waits, and its amount is not reserved",
        "SELECT e.expense_id FROM expenses e LEFT JOIN transfers t ON t.transfer_id = e.transfer_id
         WHERE e.state = 1 AND (t.transfer_id IS NULL OR t.state <> 0 OR t.amount <> e.amount)
         ORDER BY e.expense_id LIMIT 10",
    ),
    (
        "expense {} is paid, and fewer agreed than had to",
        "SELECT e.expense_id FROM expenses e
         WHERE e.state = 2 AND e.quorum > (SELECT COUNT(*) FROM expense_votes v
                                           WHERE v.expense_id = e.expense_id AND v.approves = 1
                                             AND v.user_id <> e.proposed_by
                                             AND (e.in_cash = 1 OR v.user_id <> COALESCE(e.payee_id, 0)))
         ORDER BY e.expense_id LIMIT 10",
    ),
    (
        "transfer {} was posted for an expense that is not paid by it",
        "SELECT t.transfer_id FROM transfers t
         LEFT JOIN expenses e ON e.expense_id = t.purpose_id AND e.transfer_id = t.transfer_id
         WHERE t.purpose_kind = 5 AND t.state = 1 AND (e.expense_id IS NULL OR e.state <> 2)
         ORDER BY t.transfer_id LIMIT 10",
    ),
];
