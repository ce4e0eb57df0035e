//! `moim bank`: money that a bank says came in, and a bank to try that with.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Subcommand;
use moim_persistence::{Deposit, DepositState, Reference};

use super::accounts::{Folder, find, open, wait, wallet_of};
use super::column::Column;
use super::layers::ConfigFlags;
use super::{Exit, Failure};
use crate::bank_simulator::{Delivery, Plan, STALE_S, Signed};

/// Tellers of the simulated bank, who overtake one another.
const TELLERS: usize = 4;
/// A server that is silent for longer has not answered.
const PATIENCE: Duration = Duration::from_secs(30);
/// A bank tells again what it got no answer to, or a 5xx, so often.
const TRIES: u32 = 5;
const TELL_AGAIN: Duration = Duration::from_millis(200);

/// See to deposits that a bank told of, or play a bank that misbehaves
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    config: ConfigFlags,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the newest deposits: the bank's number, amount, state, wallet, transfer, payer, reference, why it is stuck
    #[command(after_help = "Examples:\n  moim bank deposits\n  moim bank deposits --state unmatched")]
    Deposits {
        /// received, credited, unmatched, replaced, stuck or early
        #[arg(long, value_parser = state)]
        state: Option<DepositState>,
    },
    /// List notices that contradict an earlier one under the same number; they were refused
    #[command(after_help = "Example:\n  moim bank conflicts")]
    Conflicts,
    /// Say whose an unmatched deposit is, and credit it
    #[command(after_help = "Example:\n  moim bank match 20261125-000123 haneul@example.org")]
    Match {
        /// The bank's number
        deposit: String,
        /// E-mail address or number of the user
        who: String,
    },
    /// Try a stuck deposit once more
    #[command(after_help = "Example:\n  moim bank settle 20261125-000123")]
    Settle {
        /// The bank's number
        deposit: String,
    },
    /// Print the code that a user writes beside a payment into his wallet
    #[command(after_help = "Example:\n  moim bank reference haneul@example.org")]
    Reference {
        /// E-mail address or number of the user
        who: String,
    },
    /// Send notices as a bank that tells twice, late, out of order and wrongly; print what must have been credited
    #[command(
        after_help = "Only where trial.enabled is on: the money never came.\nExample:\n  moim bank simulate --set trial.enabled=true --seed 7 --payments 200 --reference $(moim bank reference haneul@example.org)"
    )]
    Simulate {
        /// What it does follows from it
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// How many payments it tells of
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        payments: u32,
        /// A wallet's code; may be given several times
        #[arg(long, value_name = "CODE")]
        reference: Vec<String>,
        /// The server's address; without it, bridge.listen
        #[arg(long, value_name = "HOST:PORT")]
        to: Option<String>,
    },
}

fn state(name: &str) -> Result<DepositState, String> {
    DepositState::named(name).ok_or_else(|| format!("{name:?} is no state of a deposit"))
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    if let Action::Simulate { seed, payments, reference, to } = &args.action {
        return simulate(&mut out, &args.config, &Plan::new(*seed, *payments, reference), to.as_deref());
    }
    let accounts = open(&args.config, Folder::MustExist)?;
    let bank = accounts.bank();
    match &args.action {
        Action::Deposits { state } => {
            for deposit in wait(bank.deposits(*state))? {
                tell(&mut out, &deposit)?;
            }
        }
        Action::Conflicts => {
            for conflict in wait(bank.conflicts())? {
                let (bank_id, reference) = (Column(&conflict.bank_id), Column(&conflict.reference));
                writeln!(out, "{bank_id}\t{}\t{reference}", conflict.amount)?;
            }
        }
        Action::Match { deposit, who } => {
            let user = wait(find(&accounts, who))?.id;
            tell(&mut out, &wait(bank.match_to(deposit, user))?)?;
        }
        Action::Settle { deposit } => tell(&mut out, &wait(bank.settle_again(deposit))?)?,
        Action::Reference { who } => {
            writeln!(out, "{}", Reference::of(wait(wallet_of(&accounts, who))?.id))?;
        }
        Action::Simulate { .. } => {}
    }
    Ok(())
}

fn tell(out: &mut impl Write, deposit: &Deposit) -> Result<(), Failure> {
    let or_none = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    let wallet = or_none(deposit.wallet.map(|wallet| wallet.0));
    let transfer = or_none(deposit.transfer.map(|transfer| transfer.0));
    let [bank_id, payer, reference] = [&deposit.bank_id, &deposit.payer, &deposit.reference].map(|text| Column(text));
    let (state, failure) = (deposit.state.name(), Column(deposit.failure.as_deref().unwrap_or_default()));
    let amount = deposit.amount;
    writeln!(out, "{bank_id}\t{amount}\t{state}\t{wallet}\t{transfer}\t{payer}\t{reference}\t{failure}")?;
    Ok(())
}

fn simulate(out: &mut impl Write, flags: &ConfigFlags, plan: &Plan, to: Option<&str>) -> Result<(), Failure> {
    let config = crate::config::load(&flags.layers())?;
    if !config.trial {
        let told = "it signs notices of money that never came; set trial.enabled where no real money is kept";
        return Err(Failure::new(Exit::Configuration, told));
    }
    let secret = config.bank.newest().ok_or_else(|| {
        Failure::new(Exit::Configuration, "bank.secrets is empty; the bank and the server need the same one")
    })?;
    let to = to.map_or_else(|| config.bridge.listen.to_string(), str::to_owned);
    let sent = send_all(&to, secret, &plan.first)? + send_all(&to, secret, &plan.afterwards)?;
    writeln!(out, "sent\t{sent}\nunmatched\t{} KRW", plan.unmatched)?;
    for (reference, amount) in &plan.credited {
        writeln!(out, "credited\t{reference}\t{amount} KRW")?;
    }
    Ok(())
}

/// Sends them by several tellers; how many they were. Fails at an answer that is not the one expected.
fn send_all(to: &str, secret: &str, deliveries: &[Delivery]) -> Result<usize, Failure> {
    let next = AtomicUsize::new(0);
    let tell = || -> Result<(), Failure> {
        while let Some(delivery) = deliveries.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (status, answer) = send_until_answered(to, secret, delivery)?;
            if status != delivery.status {
                let message = format!("{} was answered {status}, not {}: {answer}", delivery.body, delivery.status);
                return Err(Failure::new(Exit::Failed, message));
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let tellers: Vec<_> = (0..TELLERS).map(|_| scope.spawn(tell)).collect();
        let died = || Failure::new(Exit::Failed, "a teller of the bank died");
        tellers.into_iter().try_for_each(|teller| teller.join().map_err(|_| died())?)
    })?;
    Ok(deliveries.len())
}

fn send_until_answered(to: &str, secret: &str, delivery: &Delivery) -> Result<(u16, String), Failure> {
    let mut tries = 0;
    loop {
        tries += 1;
        match send(to, secret, delivery) {
            Ok((500.., _)) | Err(_) if tries < TRIES => std::thread::park_timeout(TELL_AGAIN),
            Ok(answered) => return Ok(answered),
            Err(error) => return Err(Failure::new(Exit::Unreachable, format!("{to} does not answer: {error}"))),
        }
    }
}

/// Status and body of the answer to one notice.
fn send(to: &str, secret: &str, Delivery { body, signed, .. }: &Delivery) -> std::io::Result<(u16, String)> {
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let timestamp = if *signed == Signed::LongAgo { now_s - STALE_S } else { now_s }.to_string();
    let secret = if *signed == Signed::Wrongly { "not the secret of any bank" } else { secret };
    let signature = moim_bridge::bank_signature(secret, &timestamp, body.as_bytes());
    let mut stream = TcpStream::connect(to)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "POST /api/v1/bank/deposits HTTP/1.1\r\nHost: {to}\r\nContent-Type: application/json\r\nConnection: close\r\n\
         Moim-Timestamp: {timestamp}\r\nMoim-Signature: {signature}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    status.map(|status| (status, body.to_owned())).ok_or_else(|| std::io::Error::other("no HTTP"))
}
