//! Frames of money: 0x40 to 0x4c. Minji owes 10,000 won of December's dues, pays them, and agrees to a dinner.

use flatbuffers::{FlatBufferBuilder, WIPOffset};
use moim_wire::chain::{ChainHash, Link};
use moim_wire::{Opcode, schema};

use crate::{ANN, Golden, MINJI, MORNING_MS, ROOM, answer};

const REQUEST: u64 = 5;
const CHARGE: u64 = 77;
const FUND: u64 = 7;
const WALLET: u64 = 3;
const TRANSFER: u64 = 43;
const DINNER: u64 = 9;
const KEY: &str = "6f1d0c2a9be84457";

/// The entry that Minji's payment makes in the fund, which had none.
const ENTRY: Link = Link {
    account: FUND,
    number: 1,
    transfer: TRANSFER,
    counterpart: WALLET,
    amount: 10_000,
    balance_before: 0,
    balance_after: 10_000,
    posted_at_ms: MORNING_MS,
};

pub(crate) fn goldens() -> Vec<Golden> {
    [wallets(), dues(), charges(), paying(), entries(), expenses(), voting()].into_iter().flatten().collect()
}

fn charge<'a>(
    b: &mut FlatBufferBuilder<'a>,
    (user, name): (u32, Option<&str>),
    (paid, standing): (i64, schema::Standing),
) -> WIPOffset<schema::Charge<'a>> {
    let name = name.map(|name| b.create_string(name));
    let reason = Some(b.create_string("새 회원"));
    let args = schema::ChargeArgs {
        charge: CHARGE + u64::from(user - MINJI),
        user,
        name,
        amount: 12_000,
        late_fee: 1_000,
        waived: 3_000,
        paid,
        open: 10_000 - paid,
        standing,
        reason,
    };
    schema::Charge::create(b, &args)
}

fn wallets() -> Vec<Golden> {
    vec![
        Golden {
            file: "40-wallet",
            opcode: Opcode::Wallet,
            envelope: answer(20),
            about: "Client to server: the caller's wallet, and the room's fund.",
            notes: &[("room", "0: the caller's wallet alone")],
            build: |e, out, envelope| {
                e.frame(out, Opcode::Wallet, envelope, |b| {
                    schema::Wallet::create(b, &schema::WalletArgs { room: ROOM })
                });
            },
        },
        Golden {
            file: "41-wallet-state",
            opcode: Opcode::WalletState,
            envelope: answer(20),
            about: "Server to client: both.",
            notes: &[("own", "absent: the caller has none"), ("fund", "absent: the room has no dues")],
            build: |e, out, envelope| {
                e.frame(out, Opcode::WalletState, envelope, |b| {
                    let args =
                        schema::AccountArgs { wallet: WALLET, balance: 50_000, reserved: 5_000, ..Default::default() };
                    let own = Some(schema::Account::create(b, &args));
                    let head = Some(b.create_vector(&ENTRY.hash_after(ChainHash::ZERO).0));
                    let args = schema::AccountArgs { wallet: FUND, balance: 10_000, reserved: 0, entries: 1, head };
                    let fund = Some(schema::Account::create(b, &args));
                    schema::WalletState::create(b, &schema::WalletStateArgs { own, fund })
                });
            },
        },
    ]
}

fn dues() -> Vec<Golden> {
    vec![
        Golden {
            file: "42-dues",
            opcode: Opcode::Dues,
            envelope: answer(21),
            about: "Client to server: what the room has asked for, the newest first.",
            notes: &[
                ("room", "0: what is asked of the caller in all his rooms"),
                ("before", "the last number of the page before; 0: from the newest"),
            ],
            build: |e, out, envelope| {
                e.frame(out, Opcode::Dues, envelope, |b| {
                    schema::Dues::create(b, &schema::DuesArgs { room: ROOM, before: 0, limit: 10 })
                });
            },
        },
        Golden {
            file: "43-dues-list",
            opcode: Opcode::DuesList,
            envelope: answer(21),
            about: "Server to client: the page.",
            notes: &[
                ("due", "in Seoul"),
                ("late_fee", "of one who has not paid three days later"),
                ("own", "absent: nothing is asked of the caller"),
                ("more", "this was the oldest"),
            ],
            build: |e, out, envelope| {
                e.frame(out, Opcode::DuesList, envelope, |b| {
                    let own = Some(charge(b, (MINJI, None), (0, schema::Standing::Open)));
                    let title = Some(b.create_string("12월 회비"));
                    let args = schema::DuesRequestArgs {
                        room: ROOM,
                        request: REQUEST,
                        plan: 2,
                        title,
                        due: 20_261_205,
                        grace_days: 3,
                        late_fee: 1_000,
                        odd_won: 1,
                        asked_at_ms: MORNING_MS,
                        asked_of: 2,
                        paid_by: 1,
                        collected: 10_000,
                        own,
                    };
                    let request = schema::DuesRequest::create(b, &args);
                    let requests = Some(b.create_vector(&[request]));
                    schema::DuesList::create(b, &schema::DuesListArgs { requests, more: false })
                });
            },
        },
    ]
}

fn charges() -> Vec<Golden> {
    vec![
        Golden {
            file: "44-charges",
            opcode: Opcode::Charges,
            envelope: answer(22),
            about: "Client to server: who has paid, by user id.",
            notes: &[("after", "the last user id of the page before; 0: from the first")],
            build: |e, out, envelope| {
                e.frame(out, Opcode::Charges, envelope, |b| {
                    let args = schema::ChargesArgs { room: ROOM, request: REQUEST, after: MINJI, limit: 100 };
                    schema::Charges::create(b, &args)
                });
            },
        },
        Golden {
            file: "45-charge-list",
            opcode: Opcode::ChargeList,
            envelope: answer(22),
            about: "Server to client: the page.",
            notes: &[("more", "this was the last page")],
            build: |e, out, envelope| {
                e.frame(out, Opcode::ChargeList, envelope, |b| {
                    let ann = charge(b, (ANN, Some("Ann")), (10_000, schema::Standing::Paid));
                    let charges = Some(b.create_vector(&[ann]));
                    schema::ChargeList::create(b, &schema::ChargeListArgs { request: REQUEST, charges, more: false })
                });
            },
        },
    ]
}

fn paying() -> Vec<Golden> {
    vec![
        Golden {
            file: "46-pay",
            opcode: Opcode::Pay,
            envelope: answer(23),
            about: "Client to server: pay a charge; asked again under the same key it is done once.",
            notes: &[("key", "chosen by the client for this payment"), ("password", "of the caller's wallet")],
            build: |e, out, envelope| {
                e.frame(out, Opcode::Pay, envelope, |b| {
                    let (key, password) = (Some(b.create_string(KEY)), Some(b.create_string("wallet horse")));
                    let args = schema::PayArgs { room: ROOM, charge: CHARGE, amount: 10_000, key, password };
                    schema::Pay::create(b, &args)
                });
            },
        },
        Golden {
            file: "47-paid",
            opcode: Opcode::Paid,
            envelope: answer(23),
            about: "Server to client: the money is moved, for good.",
            notes: &[("open", "of the charge, from here on"), ("repeated", "true where the key had come before")],
            build: |e, out, envelope| {
                e.frame(out, Opcode::Paid, envelope, |b| {
                    let args =
                        schema::PaidArgs { transfer: TRANSFER, amount: 10_000, open: 0, credit: 500, repeated: true };
                    schema::Paid::create(b, &args)
                });
            },
        },
    ]
}

fn entries() -> Vec<Golden> {
    vec![
        Golden {
            file: "48-entries",
            opcode: Opcode::Entries,
            envelope: answer(24),
            about: "Client to server: entries of the fund, the oldest first.",
            notes: &[("after", "the last number of the page before; 0: from the first")],
            build: |e, out, envelope| {
                e.frame(out, Opcode::Entries, envelope, |b| {
                    schema::Entries::create(b, &schema::EntriesArgs { wallet: FUND, after: 0, limit: 500 })
                });
            },
        },
        Golden {
            file: "49-entry-list",
            opcode: Opcode::EntryList,
            envelope: answer(24),
            about: "Server to client: the page.",
            notes: &[
                ("hash", "that of section 14, made of the entry and of 32 zeros"),
                ("more", "this was the last page"),
            ],
            build: |e, out, envelope| {
                e.frame(out, Opcode::EntryList, envelope, |b| {
                    let hash = Some(b.create_vector(&ENTRY.hash_after(ChainHash::ZERO).0));
                    let counterpart_name = Some(b.create_string("민지"));
                    let args = schema::LedgerEntryArgs {
                        number: ENTRY.number,
                        transfer: ENTRY.transfer,
                        counterpart: ENTRY.counterpart,
                        amount: ENTRY.amount,
                        balance_before: ENTRY.balance_before,
                        balance_after: ENTRY.balance_after,
                        posted_at_ms: ENTRY.posted_at_ms,
                        hash,
                        counterpart_name,
                    };
                    let entry = schema::LedgerEntry::create(b, &args);
                    let entries = Some(b.create_vector(&[entry]));
                    schema::EntryList::create(b, &schema::EntryListArgs { wallet: FUND, entries, more: false })
                });
            },
        },
    ]
}

fn expenses() -> Vec<Golden> {
    vec![
        Golden {
            file: "4a-expenses",
            opcode: Opcode::Expenses,
            envelope: answer(25),
            about: "Client to server: the room's expenses, the newest first.",
            notes: &[("before", "the last number of the page before; 0: from the newest")],
            build: |e, out, envelope| {
                e.frame(out, Opcode::Expenses, envelope, |b| {
                    schema::Expenses::create(b, &schema::ExpensesArgs { room: ROOM, before: 0, limit: 20 })
                });
            },
        },
        Golden {
            file: "4b-expense-list",
            opcode: Opcode::ExpenseList,
            envelope: answer(25),
            about: "Server to client: the page; of one that was voted on, the answer to VOTE.",
            notes: &[
                ("payee", "the member who is paid; 0: somebody outside"),
                ("file", "the receipt; 0: none"),
                ("quorum", "so many have to agree"),
                ("own", "the caller's vote"),
                ("transfer", "reserves the amount until then"),
            ],
            build: |e, out, envelope| {
                e.frame(out, Opcode::ExpenseList, envelope, |b| {
                    let (title, note) = (Some(b.create_string("저녁 식사")), Some(b.create_string("넷이서")));
                    let payee_name = Some(b.create_string("한식당"));
                    let args = schema::ExpenseArgs {
                        expense: DINNER,
                        title,
                        note,
                        amount: 9_000,
                        payee: 0,
                        payee_name,
                        in_cash: false,
                        file: 12,
                        proposed_by: ANN,
                        proposed_at_ms: MORNING_MS,
                        expires_at_ms: MORNING_MS + 7 * 86_400_000,
                        state: schema::ExpenseState::Proposed,
                        settled_at_ms: 0,
                        quorum: 2,
                        approvals: 1,
                        objections: 0,
                        own: schema::Decision::Approves,
                        transfer: 44,
                    };
                    let expense = schema::Expense::create(b, &args);
                    let expenses = Some(b.create_vector(&[expense]));
                    schema::ExpenseList::create(b, &schema::ExpenseListArgs { room: ROOM, expenses, more: false })
                });
            },
        },
    ]
}

fn voting() -> Vec<Golden> {
    vec![Golden {
        file: "4c-vote",
        opcode: Opcode::Vote,
        envelope: answer(26),
        about: "Client to server: agree to an expense, or object.",
        notes: &[("approves", "false: objects")],
        build: |e, out, envelope| {
            e.frame(out, Opcode::Vote, envelope, |b| {
                schema::Vote::create(b, &schema::VoteArgs { room: ROOM, expense: DINNER, approves: true })
            });
        },
    }]
}
