//! Compares the notices of the bank with the transfers that credited them.

/// What is looked for, as in the other books. Each asks for the first ten.
pub(crate) const CHECKS: [(&str, &str); 1] = [(
    "deposit {} is credited, and no transfer of its amount came into its wallet",
    "SELECT d.deposit_id FROM bank_deposits d LEFT JOIN transfers t ON t.transfer_id = d.transfer_id
     WHERE d.state = 1 AND d.amount > 0 AND (t.transfer_id IS NULL OR t.state <> 1 OR t.source_id <> 1
                                             OR t.target_id <> d.wallet_id OR t.amount <> d.amount)
     ORDER BY d.deposit_id LIMIT 10",
)];
