//! `moim ledger`: whether every won is accounted for, and taking back what was moved wrongly.

use std::io::Write;

use clap::Subcommand;
use moim_persistence::{AccountId, TransferId, Verified};

use super::accounts::{Folder, open, wait};
use super::layers::ConfigFlags;
use super::{Exit, Failure};

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
    /// Move back what a posted transfer moved, by a transfer that names it; rooms are told
    #[command(after_help = "Example:\n  moim ledger correct 42")]
    Correct {
        /// The transfer's number
        transfer: u64,
    },
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let ledger = open(&args.config, Folder::MustExist)?.ledger();
    let mut out = std::io::stdout().lock();
    match args.action {
        Action::Verify { group } => {
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
        Action::Correct { transfer } => {
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

fn tell(out: &mut impl Write, verified: &Verified) -> Result<(), Failure> {
    let Verified { accounts, entries, transfers, sum, heads, .. } = verified;
    writeln!(out, "accounts\t{accounts}\nentries\t{entries}\ntransfers\t{transfers}\nsum\t{sum} KRW")?;
    for head in heads {
        writeln!(out, "head\twallet {}\t{} entries\t{}", head.account, head.entries, head.hash)?;
    }
    Ok(())
}
