//! `moim dues`: what rooms ask of their members, and who has paid it.

use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Subcommand, ValueEnum};
use moim_bridge::{DuesLanguage, DuesTable};
use moim_persistence::{Accounts, Amount, Charge, Dues, Plan, Reader, Repeat, Request, RequestId, RoomId, Standing};

use super::accounts::{Folder, find, open, wait};
use super::column::Column;
use super::layers::ConfigFlags;
use super::{Exit, Failure};
use crate::{config, logging};

const REQUESTS_MAX: usize = 100;

/// Look into the dues of rooms, beside a running server or without one
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    config: ConfigFlags,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List a room's plans that have not ended: number, next day, rhythm, won, title
    #[command(after_help = "Example:\n  moim dues plans 1")]
    Plans {
        /// The room's number
        room: RoomId,
    },
    /// List what a room was asked for, the newest first: number, day, paid by, of how many, collected, title
    #[command(after_help = "Example:\n  moim dues requests 1")]
    Requests {
        /// The room's number
        room: RoomId,
    },
    /// List the charges of a request: number, user, standing, asked, paid, open, name
    #[command(after_help = "Examples:\n  moim dues charges 1 5\n  moim dues charges 1 5 --standing open")]
    Charges {
        /// The room's number
        room: RoomId,
        /// The request's number
        request: u64,
        /// Those alone that stand so
        #[arg(long, value_enum)]
        standing: Option<Stands>,
    },
    /// Say what a room's dues hold, and what each member has paid: user, by wallet, in cash, credit, name
    #[command(after_help = "Example:\n  moim dues balances 1")]
    Balances {
        /// The room's number
        room: RoomId,
    },
    /// Print the charges of a room as CSV, which spreadsheets open
    #[command(after_help = "Examples:\n  moim dues export 1 > dues.csv\n  moim dues export 1 --request 5 --lang en")]
    Export {
        /// The room's number
        room: RoomId,
        /// Of one request alone
        #[arg(long)]
        request: Option<u64>,
        /// Language of the words: ko or en
        #[arg(long, value_enum, default_value_t)]
        lang: Lang,
    },
    /// List what a user still owes, in all rooms: charge, room, day, open, title
    #[command(after_help = "Example:\n  moim dues owed haneul@example.org")]
    Owed {
        /// E-mail address or number of the user
        who: String,
    },
    /// Ask, remind and charge late fees as far as it is due now, as a running server does by itself; print how many were due
    #[command(after_help = "Example:\n  moim dues run")]
    Run,
}

/// Where a charge stands.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Stands {
    Open,
    Paid,
    Exempt,
    Void,
}

impl Stands {
    const fn standing(self) -> Standing {
        match self {
            Self::Open => Standing::Open,
            Self::Paid => Standing::Paid,
            Self::Exempt => Standing::Exempt,
            Self::Void => Standing::Void,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Lang {
    #[default]
    Ko,
    En,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let accounts = open(&args.config, Folder::MustExist)?;
    let dues = accounts.dues();
    let mut out = std::io::stdout().lock();
    match &args.action {
        Action::Plans { room } => {
            for plan in wait(dues.plans(Reader::Operator, *room))? {
                tell_plan(&mut out, &plan)?;
            }
        }
        Action::Requests { room } => requests(&mut out, &dues, *room)?,
        Action::Charges { room, request, standing } => {
            let (_, charges) = wait(dues.request(Reader::Operator, *room, RequestId(*request)))?;
            let wanted = standing.map(Stands::standing);
            for entry in charges.iter().filter(|entry| wanted.is_none_or(|it| it == entry.charge.standing())) {
                let Charge { id, user, paid, .. } = &entry.charge;
                let (standing, asked, open) =
                    (entry.charge.standing().name(), entry.charge.asked(), entry.charge.open());
                writeln!(out, "{id}\t{user}\t{standing}\t{asked}\t{paid}\t{open}\t{}", Column(&entry.name))?;
            }
        }
        Action::Balances { room } => balances(&mut out, &dues, *room)?,
        Action::Export { room, request, lang } => {
            let language = match lang {
                Lang::Ko => DuesLanguage::Ko,
                Lang::En => DuesLanguage::En,
            };
            let mut table = wait(DuesTable::begin(dues, Reader::Operator, *room, request.map(RequestId), language))?;
            while let Some(lines) = wait(table.next())? {
                out.write_all(lines.as_bytes())?;
            }
        }
        Action::Owed { who } => owed(&mut out, &accounts, &dues, who)?,
        Action::Run => {
            // Why something did not come is in the log.
            logging::start(&config::load(&args.config.layers())?.log)
                .map_err(|error| Failure::new(Exit::Configuration, format!("log.filter: {error}")))?;
            let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
            let due = wait(dues.run_due(u64::try_from(now_ms).unwrap_or(u64::MAX)))?;
            writeln!(out, "due\t{due}")?;
        }
    }
    Ok(())
}

fn tell_plan(out: &mut impl Write, plan: &Plan) -> Result<(), Failure> {
    let next = plan.next_due.map_or_else(|| "-".to_owned(), |day| day.to_string());
    let rhythm = match plan.terms.repeat {
        Repeat::Once => "once".to_owned(),
        Repeat::Monthly => "monthly".to_owned(),
        Repeat::Weeks(weeks) => format!("every {weeks} weeks"),
    };
    let amount = match &plan.terms.amount {
        Amount::Equal(won) => format!("{won} each"),
        Amount::Own(won) => format!("{won}, or a member's own"),
        Amount::Shared(won) => format!("{won} shared"),
        Amount::Tiers(tiers) => {
            let tiers: Vec<String> =
                tiers.iter().map(|tier| format!("{} {}", Column(&tier.name), tier.amount)).collect();
            tiers.join(", ")
        }
    };
    writeln!(out, "{}\t{next}\t{rhythm}\t{amount}\t{}", plan.id, Column(&plan.terms.title))?;
    Ok(())
}

fn requests(out: &mut impl Write, dues: &Dues, room: RoomId) -> Result<(), Failure> {
    let mut before = None;
    loop {
        let page = wait(dues.requests(Reader::Operator, room, before, REQUESTS_MAX))?;
        let Some(last) = page.last() else { return Ok(()) };
        before = Some(last.id);
        for Request { id, due, counts, title, .. } in &page {
            let (paid_by, asked_of, collected) = (counts.paid_by, counts.asked_of, counts.collected);
            writeln!(out, "{id}\t{due}\t{paid_by}\t{asked_of}\t{collected}\t{}", Column(title))?;
        }
    }
}

fn balances(out: &mut impl Write, dues: &Dues, room: RoomId) -> Result<(), Failure> {
    let (fund, members) = wait(dues.balances(Reader::Operator, room))?;
    if let Some(fund) = fund {
        writeln!(out, "fund\twallet {}\t{}\treserved {}", fund.wallet, fund.balance, fund.reserved)?;
        writeln!(out, "cash\taccount {}\t{}\treserved {}", fund.cash, fund.cash_balance, fund.cash_reserved)?;
    }
    for member in members {
        let (by_wallet, by_cash, credit) = (member.by_wallet, member.by_cash, member.credit);
        writeln!(out, "{}\t{by_wallet}\t{by_cash}\t{credit}\t{}", member.user, Column(&member.name))?;
    }
    Ok(())
}

fn owed(out: &mut impl Write, accounts: &Accounts, dues: &Dues, who: &str) -> Result<(), Failure> {
    let user = wait(find(accounts, who))?.id;
    for own in wait(dues.open_of_user(user))? {
        let (charge, room, open) = (own.charge.id, own.charge.room, own.charge.open());
        let (room_name, title) = (Column(&own.room_name), Column(&own.title));
        writeln!(out, "{charge}\t{room} {room_name}\t{}\t{open}\t{title}", own.due)?;
    }
    Ok(())
}
