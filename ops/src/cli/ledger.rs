//! `moim ledger`: whether every won is accounted for, and taking back what was moved wrongly.

use std::io::Write;

use clap::Subcommand;
use moim_persistence::{AccountId, AuditLine, AuditQuery, Ledger, RoomId, StatementLine, TransferId, Verified};

use super::accounts::{Folder, find, open, wait, wallet_of};
use super::column::{Column, local_time};
use super::layers::ConfigFlags;
use super::{Exit, Failure};

/// Entries of a page.
const ENTRIES_MAX: usize = 100;

/// Look into the ledger of the groups' money, beside a running server or without one
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    config: ConfigFlags,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Recompute every balance, chain and the zero sum; print the chains' heads (exit code 7 where something is wrong)
    #[command(after_help = "Examples:\n  moim ledger verify && echo sound\n  moim ledger verify --group 7")]
    Verify {
        /// The number of one group's wallet; without it, everything
        #[arg(long, value_name = "WALLET")]
        group: Option<u64>,
    },
    /// Say which wallet a user has: number, what it holds, how much of that is reserved
    #[command(after_help = "Example:\n  moim ledger wallet haneul@example.org")]
    Wallet {
        /// E-mail address or number of the user
        who: String,
    },
    /// List the newest entries of a wallet, the oldest of them first: number, time, won, balance, transfer, from or to
    #[command(after_help = "Examples:\n  moim ledger entries 7\n  moim ledger entries 7 --after 0")]
    Entries {
        /// The wallet's number, a member's or a group's
        wallet: u64,
        /// All above this number; without it, the newest 100
        #[arg(long, value_name = "NUMBER")]
        after: Option<u64>,
    },
    /// List who did what with money, the newest first: number, time, who, by which way, address, what, room, subject, won, more
    #[command(
        after_help = "Examples:\n  moim ledger audit\n  moim ledger audit --room 3 --limit 20\n  moim ledger audit --by haneul@example.org"
    )]
    Audit {
        /// Of one room alone
        #[arg(long)]
        room: Option<u32>,
        /// By one user alone: e-mail address or number
        #[arg(long, value_name = "WHO")]
        by: Option<String>,
        /// Numbers below this one
        #[arg(long, value_name = "NUMBER")]
        before: Option<u64>,
        /// At most so many
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=10_000))]
        limit: u16,
    },
    /// Move back what a posted transfer moved, by a transfer that names it; rooms are told
    #[command(after_help = "Example:\n  moim ledger correct 42")]
    Correct {
        /// The transfer's number
        transfer: u64,
    },
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let accounts = open(&args.config, Folder::MustExist)?;
    let ledger = accounts.ledger();
    let mut out = std::io::stdout().lock();
    match &args.action {
        &Action::Verify { group } => {
            let verified = wait(ledger.verify(group.map(AccountId)))?;
            tell(&mut out, &verified)?;
            match (group, verified.faults.0.is_empty()) {
                (Some(group), true) if verified.heads.is_empty() => {
                    Err(Failure::new(Exit::Refused, format!("there is no group's wallet {group}")))
                }
                (_, true) => Ok(()),
                (_, false) => Err(Failure::new(Exit::Damaged, verified.faults.0.join("\n"))),
            }
        }
        Action::Wallet { who } => {
            let wallet = wait(wallet_of(&accounts, who))?;
            writeln!(out, "{}\t{}\treserved {}", wallet.id, wallet.balance, wallet.reserved)?;
            Ok(())
        }
        &Action::Entries { wallet, after } => entries(&mut out, &ledger, AccountId(wallet), after),
        Action::Audit { room, by, before, limit } => {
            let actor = by.as_deref().map(|who| wait(find(&accounts, who))).transpose()?.map(|user| user.id);
            let query = AuditQuery { room: room.map(RoomId), actor, before: *before, limit: usize::from(*limit) };
            for line in wait(accounts.audit().lines(query))? {
                tell_line(&mut out, &line)?;
            }
            Ok(())
        }
        &Action::Correct { transfer } => {
            let correction = wait(ledger.correct(TransferId(transfer)))?.transfer;
            writeln!(
                out,
                "{}\t{} from wallet {} to wallet {}",
                correction.id, correction.amount, correction.source, correction.target
            )?;
            Ok(())
        }
    }
}

fn entries(out: &mut impl Write, ledger: &Ledger, wallet: AccountId, after: Option<u64>) -> Result<(), Failure> {
    let mut next = after;
    loop {
        let page = wait(ledger.entries_of(wallet, next, ENTRIES_MAX))?;
        for StatementLine { entry, counterpart_owner, .. } in &page {
            let (number, at, transfer) = (entry.number, local_time(entry.posted_at_ms), entry.transfer);
            let (amount, balance) = (entry.amount, entry.balance_after);
            writeln!(out, "{number}\t{at}\t{amount}\t{balance}\t{transfer}\t{}", Column(counterpart_owner))?;
        }
        match page.last() {
            Some(last) if after.is_some() => next = Some(last.entry.number),
            _ => return Ok(()),
        }
    }
}

fn tell_line(out: &mut impl Write, line: &AuditLine) -> Result<(), Failure> {
    let AuditLine { id, actor, actor_name, via, address, action, subject, amount, detail, .. } = line;
    let at = local_time(line.at_ms);
    let room = line.room.map_or_else(|| "-".to_owned(), |room| room.to_string());
    let (name, address, detail) = (Column(actor_name), Column(address), Column(detail));
    let (via, action) = (via.name(), action.name());
    writeln!(out, "{id}\t{at}\t{actor} {name}\t{via}\t{address}\t{action}\t{room}\t{subject}\t{amount}\t{detail}")?;
    Ok(())
}

fn tell(out: &mut impl Write, verified: &Verified) -> Result<(), Failure> {
    let Verified { accounts, entries, transfers, sum, heads, .. } = verified;
    writeln!(out, "accounts\t{accounts}\nentries\t{entries}\ntransfers\t{transfers}\nsum\t{sum} KRW")?;
    for head in heads {
        writeln!(out, "head\twallet {}\t{} entries\t{}", head.account, head.entries, head.hash)?;
    }
    Ok(())
}
