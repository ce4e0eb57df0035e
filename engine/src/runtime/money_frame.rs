//! Answers about money as frames.

use flatbuffers::{FlatBufferBuilder, WIPOffset};
use moim_persistence::{
    Charge, ExpenseEntry, ExpenseState, Fund, Head, OwedRequest, Payee, Standing, StatementLine, Wallet, Way,
};
use moim_wire::{Encoder, Envelope, Opcode, UserId, schema};

use super::money::Answer;

pub(super) fn put_answer(encoder: &mut Encoder, out: &mut Vec<u8>, envelope: Envelope, answer: &Answer) {
    match answer {
        Answer::Wallets { own, fund } => encoder.frame(out, Opcode::WalletState, envelope, |b| {
            let own = own.as_ref().map(|own| own_wallet(b, own));
            let fund = fund.as_ref().map(|fund| fund_wallet(b, fund));
            schema::WalletState::create(b, &schema::WalletStateArgs { own, fund })
        }),
        Answer::Dues { requests, more } => encoder.frame(out, Opcode::DuesList, envelope, |b| {
            let requests: Vec<_> = requests.iter().map(|owed| dues_request(b, owed)).collect();
            let requests = Some(b.create_vector(&requests));
            schema::DuesList::create(b, &schema::DuesListArgs { requests, more: *more })
        }),
        Answer::Charges { request, charges, more } => encoder.frame(out, Opcode::ChargeList, envelope, |b| {
            let charges: Vec<_> = charges.iter().map(|entry| charge(b, &entry.charge, Some(&entry.name))).collect();
            let charges = Some(b.create_vector(&charges));
            schema::ChargeList::create(b, &schema::ChargeListArgs { request: *request, charges, more: *more })
        }),
        Answer::Paid { outcome, charge, credit } => encoder.frame(out, Opcode::Paid, envelope, |b| {
            let args = schema::PaidArgs {
                transfer: outcome.transfer.id.0,
                amount: outcome.transfer.amount.get(),
                open: charge.open().get(),
                credit: credit.get(),
                repeated: outcome.repeated,
            };
            schema::Paid::create(b, &args)
        }),
        Answer::Entries { wallet, lines, more } => encoder.frame(out, Opcode::EntryList, envelope, |b| {
            let entries: Vec<_> = lines.iter().map(|line| entry(b, line)).collect();
            let entries = Some(b.create_vector(&entries));
            schema::EntryList::create(b, &schema::EntryListArgs { wallet: *wallet, entries, more: *more })
        }),
        Answer::Expenses { room, caller, expenses, more } => {
            encoder.frame(out, Opcode::ExpenseList, envelope, |b| {
                let expenses: Vec<_> = expenses.iter().map(|entry| expense(b, *caller, entry)).collect();
                let expenses = Some(b.create_vector(&expenses));
                schema::ExpenseList::create(b, &schema::ExpenseListArgs { room: room.0, expenses, more: *more })
            });
        }
    }
}

fn own_wallet<'a>(b: &mut FlatBufferBuilder<'a>, wallet: &Wallet) -> WIPOffset<schema::Account<'a>> {
    let args = schema::AccountArgs {
        wallet: wallet.id.0,
        balance: wallet.balance.get(),
        reserved: wallet.reserved.get(),
        ..Default::default()
    };
    schema::Account::create(b, &args)
}

fn fund_wallet<'a>(b: &mut FlatBufferBuilder<'a>, fund: &Fund) -> WIPOffset<schema::Account<'a>> {
    let Head { entries, hash, .. } = fund.head;
    let head = Some(b.create_vector(&hash.0));
    let (balance, reserved) = (fund.balance.get(), fund.reserved.get());
    schema::Account::create(b, &schema::AccountArgs { wallet: fund.wallet.0, balance, reserved, entries, head })
}

fn dues_request<'a>(b: &mut FlatBufferBuilder<'a>, owed: &OwedRequest) -> WIPOffset<schema::DuesRequest<'a>> {
    let OwedRequest { room, request, own } = owed;
    let title = Some(b.create_string(&request.title));
    let own = own.as_ref().map(|own| charge(b, own, None));
    let args = schema::DuesRequestArgs {
        room: room.0,
        request: request.id.0,
        plan: request.plan.0,
        title,
        due: request.due.digits(),
        grace_days: request.grace_days,
        late_fee: request.late_fee.get(),
        odd_won: request.odd_won,
        asked_at_ms: request.asked_at_ms,
        asked_of: request.counts.asked_of,
        paid_by: request.counts.paid_by,
        collected: request.counts.collected.get(),
        own,
    };
    schema::DuesRequest::create(b, &args)
}

fn charge<'a>(b: &mut FlatBufferBuilder<'a>, charge: &Charge, name: Option<&str>) -> WIPOffset<schema::Charge<'a>> {
    let name = name.map(|name| b.create_string(name));
    let reason = (!charge.reason.is_empty()).then(|| b.create_string(&charge.reason));
    let args = schema::ChargeArgs {
        charge: charge.id.0,
        user: charge.user.0,
        name,
        amount: charge.amount.get(),
        late_fee: charge.late_fee.get(),
        waived: charge.waived.get(),
        paid: charge.paid.get(),
        open: charge.open().get(),
        standing: match charge.standing() {
            Standing::Open => schema::Standing::Open,
            Standing::Paid => schema::Standing::Paid,
            Standing::Exempt => schema::Standing::Exempt,
            Standing::Void => schema::Standing::Void,
        },
        reason,
    };
    schema::Charge::create(b, &args)
}

fn entry<'a>(b: &mut FlatBufferBuilder<'a>, line: &StatementLine) -> WIPOffset<schema::LedgerEntry<'a>> {
    let StatementLine { entry, counterpart_owner, .. } = line;
    let hash = Some(b.create_vector(&entry.hash.0));
    let counterpart_name = Some(b.create_string(counterpart_owner));
    let args = schema::LedgerEntryArgs {
        number: entry.number,
        transfer: entry.transfer.0,
        counterpart: entry.counterpart.0,
        amount: entry.amount.get(),
        balance_before: entry.balance_before.get(),
        balance_after: entry.balance_after.get(),
        posted_at_ms: entry.posted_at_ms,
        hash,
        counterpart_name,
    };
    schema::LedgerEntry::create(b, &args)
}

fn expense<'a>(b: &mut FlatBufferBuilder<'a>, caller: UserId, entry: &ExpenseEntry) -> WIPOffset<schema::Expense<'a>> {
    let (approvals, objections) = entry.counted();
    let own = match entry.votes.iter().find(|vote| vote.user == caller).map(|vote| vote.approves) {
        None => schema::Decision::None,
        Some(true) => schema::Decision::Approves,
        Some(false) => schema::Decision::Objects,
    };
    let expense = &entry.expense;
    let (payee, payee_name) = match &expense.payee {
        Payee::Member(user) => (user.0, None),
        Payee::Outside(name) => (0, Some(b.create_string(name))),
    };
    let args = schema::ExpenseArgs {
        expense: expense.id.0,
        title: Some(b.create_string(&expense.title)),
        note: (!expense.note.is_empty()).then(|| b.create_string(&expense.note)),
        amount: expense.amount.get(),
        payee,
        payee_name,
        in_cash: expense.way == Way::Cash,
        file: expense.file.map_or(0, |file| file.0),
        proposed_by: expense.proposed_by.0,
        proposed_at_ms: expense.proposed_at_ms,
        expires_at_ms: expense.expires_at_ms,
        state: match expense.state {
            // One that is begun is shown to nobody.
            ExpenseState::Begun | ExpenseState::Proposed => schema::ExpenseState::Proposed,
            ExpenseState::Posted => schema::ExpenseState::Posted,
            ExpenseState::Refused => schema::ExpenseState::Refused,
            ExpenseState::Expired => schema::ExpenseState::Expired,
            ExpenseState::Withdrawn => schema::ExpenseState::Withdrawn,
        },
        settled_at_ms: expense.settled_at_ms.unwrap_or_default(),
        quorum: expense.quorum,
        approvals,
        objections,
        own,
        transfer: expense.transfer.map_or(0, |transfer| transfer.0),
    };
    schema::Expense::create(b, &args)
}
