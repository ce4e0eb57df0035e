//! Plans: what a room asks of whom, and when. Plain values with the rules of amounts and of days.

use std::collections::BTreeMap;

use moim_wire::{RoomId, UserId};

use super::day::Day;
use super::number::PlanId;
use crate::error::Error;
use crate::ledger::Won;
use crate::members::field;

/// The most that is asked of one member, or shared: sums of it stay far within what there can be.
const AMOUNT_MAX: i64 = 100_000_000_000;
const ASK_DAYS_MAX: u32 = 60;
const GRACE_DAYS_MAX: u32 = 90;
const WEEKS_MAX: u32 = 52;
const TIERS_MAX: usize = 20;
/// Members whom a plan says something of by themselves.
const MEMBERS_MAX: usize = 2_000;
/// Requests are made, and members reminded, from this hour on.
pub(super) const FIRST_HOUR: i8 = 9;

/// How much is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Amount {
    /// The same of each member.
    Equal(Won),
    /// Of each member his own, and this of those who have none; zero asks them for nothing.
    Own(Won),
    /// By the tier that a member is in; those who are in none are in the first.
    Tiers(Vec<Tier>),
    /// A sum that all share. What cannot be divided is paid by the first members, one won each.
    Shared(Won),
}

/// One of several amounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tier {
    /// 1 to 40 characters.
    pub name: String,
    /// What its members pay.
    pub amount: Won,
}

/// What a plan says of one member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemberTerms {
    /// Of a plan with amounts of one's own.
    pub amount: Option<Won>,
    /// The number of a tier, from 0.
    pub tier: Option<usize>,
    /// Why nothing is asked of the member.
    pub exempt: Option<String>,
}

/// How often it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// One time.
    Once,
    /// On the same day of each month; of a month without it, on the last one.
    Monthly,
    /// Every so many weeks.
    Weeks(u32),
}

/// What a plan asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// 1 to 80 characters.
    pub title: String,
    /// How much.
    pub amount: Amount,
    /// Of whom something else.
    pub members: BTreeMap<UserId, MemberTerms>,
    /// The first day that something is due on.
    pub first_due: Day,
    /// How often.
    pub repeat: Repeat,
    /// How many days before it is due it is asked for, at nine in the morning.
    pub ask_days: u32,
    /// How many days after it the late fee is not yet.
    pub grace_days: u32,
    /// What is asked on top then; may be zero.
    pub late_fee: Won,
}

/// A plan, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Its number.
    pub id: PlanId,
    /// The room.
    pub room: RoomId,
    /// Who made it, and asks by it.
    pub made_by: UserId,
    /// What it asks from its next period on.
    pub terms: Terms,
    /// Periods asked for since its first day.
    pub periods: u32,
    /// The newest day that was asked for.
    pub last_due: Option<Day>,
    /// The next one; none where it has ended.
    pub next_due: Option<Day>,
}

/// What is asked of one member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) user: UserId,
    pub(super) amount: Won,
    /// Why it is not to be paid.
    pub(super) exempt: Option<String>,
}

impl Terms {
    /// The terms in the form that is stored.
    pub(super) fn checked(mut self, today: Day) -> Result<Self, Error> {
        self.title = field::dues_text("title", &self.title, 1, 80)?;
        match &mut self.amount {
            Amount::Equal(won) | Amount::Shared(won) => within("amount", *won, 1)?,
            Amount::Own(won) => within("amount", *won, 0)?,
            Amount::Tiers(tiers) => {
                if !(1..=TIERS_MAX).contains(&tiers.len()) {
                    return Err(invalid("tiers", format!("has {}; allowed are 1 to {TIERS_MAX}", tiers.len())));
                }
                for tier in tiers {
                    tier.name = field::dues_text("tiers", &tier.name, 1, 40)?;
                    within("tiers", tier.amount, 0)?;
                }
            }
        }
        within("lateFee", self.late_fee, 0)?;
        for (name, number, most) in
            [("askDays", self.ask_days, ASK_DAYS_MAX), ("graceDays", self.grace_days, GRACE_DAYS_MAX)]
        {
            if number > most {
                return Err(invalid(name, format!("{number} is above {most}")));
            }
        }
        if let Repeat::Weeks(weeks) = self.repeat
            && !(1..=WEEKS_MAX).contains(&weeks)
        {
            return Err(invalid("weeks", format!("{weeks} is not within 1 to {WEEKS_MAX}")));
        }
        if self.first_due < today {
            return Err(invalid("firstDue", format!("{} is over; today is {today}", self.first_due)));
        }
        self.check_members()?;
        Ok(self)
    }

    fn check_members(&mut self) -> Result<(), Error> {
        if self.members.len() > MEMBERS_MAX {
            return Err(invalid("members", format!("has {}; allowed are {MEMBERS_MAX}", self.members.len())));
        }
        let tiers = if let Amount::Tiers(tiers) = &self.amount { tiers.len() } else { 0 };
        for (user, terms) in &mut self.members {
            if let Some(own) = terms.amount {
                within("members", own, 0)?;
            }
            if terms.tier.is_some_and(|tier| tier >= tiers) {
                let reason = format!("user {user} is in tier {}, of {tiers}", terms.tier.unwrap_or_default());
                return Err(invalid("members", reason));
            }
            if let Some(reason) = &mut terms.exempt {
                *reason = field::dues_text("exempt", reason, 1, 200)?;
            }
        }
        Ok(())
    }

    /// What is asked of each of the members, in their order, and how many pay the odd won of a shared sum.
    pub(super) fn shares(&self, members: &[UserId]) -> (Vec<Share>, u32) {
        let terms_of = |user: &UserId| self.members.get(user).cloned().unwrap_or_default();
        let paying = members.iter().filter(|user| terms_of(user).exempt.is_none()).count() as i64;
        let (each, odd) = match self.amount {
            Amount::Shared(sum) if paying > 0 => (sum.get() / paying, sum.get() % paying),
            _ => (0, 0),
        };
        let mut odd_left = odd;
        let shares = members.iter().map(|&user| {
            let terms = terms_of(&user);
            let amount = match &self.amount {
                Amount::Equal(won) => *won,
                Amount::Own(won) => terms.amount.unwrap_or(*won),
                Amount::Tiers(tiers) => tiers[terms.tier.unwrap_or(0)].amount,
                Amount::Shared(_) if terms.exempt.is_some() => Won::ZERO,
                Amount::Shared(_) => {
                    let one_more = i64::from(odd_left > 0);
                    odd_left -= one_more;
                    Won::new(each + one_more).unwrap_or_default()
                }
            };
            Share { user, amount, exempt: terms.exempt }
        });
        // Nothing to pay and no reason why: nothing is asked.
        let shares = shares.filter(|share| share.amount.is_positive() || share.exempt.is_some()).collect();
        (shares, odd as u32)
    }

    /// The day of the period of that number, from 0; none after the last.
    pub(super) fn due(&self, period: u32) -> Option<Day> {
        let number = i64::from(period);
        match self.repeat {
            Repeat::Once => (period == 0).then_some(self.first_due),
            Repeat::Monthly => Some(self.first_due.plus_months(number)),
            Repeat::Weeks(weeks) => Some(self.first_due.plus_days(number * i64::from(weeks) * 7)),
        }
    }

    /// When what is due on that day is asked for.
    pub(super) fn ask_at_ms(&self, due: Day) -> u64 {
        due.plus_days(-i64::from(self.ask_days)).at_hour(FIRST_HOUR)
    }
}

fn within(field: &'static str, won: Won, least: i64) -> Result<(), Error> {
    if (least..=AMOUNT_MAX).contains(&won.get()) {
        return Ok(());
    }
    Err(invalid(field, format!("{} is not within {least} to {AMOUNT_MAX}", won.get())))
}

pub(super) fn invalid(field: &'static str, reason: String) -> Error {
    Error::InvalidField { field, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn won(won: i64) -> Won {
        Won::new(won).unwrap()
    }

    fn terms(amount: Amount) -> Terms {
        Terms {
            title: "12월 회비".to_owned(),
            amount,
            members: BTreeMap::new(),
            first_due: "2027-01-31".parse().unwrap(),
            repeat: Repeat::Monthly,
            ask_days: 7,
            grace_days: 3,
            late_fee: won(1_000),
        }
    }

    fn amounts(terms: &Terms, members: u32) -> (Vec<i64>, u32) {
        let members: Vec<UserId> = (1..=members).map(UserId).collect();
        let (shares, odd) = terms.shares(&members);
        (shares.iter().map(|share| share.amount.get()).collect(), odd)
    }

    #[test]
    fn a_shared_sum_is_divided_to_the_last_won() {
        let mut shared = terms(Amount::Shared(won(10_000)));
        assert_eq!(amounts(&shared, 3), (vec![3_334, 3_333, 3_333], 1));
        let exempt = MemberTerms { exempt: Some("총무".to_owned()), ..MemberTerms::default() };
        shared.members.insert(UserId(2), exempt);
        assert_eq!(amounts(&shared, 3), (vec![5_000, 0, 5_000], 0));
        for members in 1..40 {
            assert_eq!(amounts(&terms(Amount::Shared(won(9_999))), members).0.iter().sum::<i64>(), 9_999);
        }
        assert_eq!(amounts(&terms(Amount::Shared(won(2))), 3).0, [1, 1], "nothing is asked of the third");
    }

    #[test]
    fn own_amounts_and_tiers_go_by_the_member() {
        let mut own = terms(Amount::Own(Won::ZERO));
        own.members.insert(UserId(2), MemberTerms { amount: Some(won(700)), ..MemberTerms::default() });
        assert_eq!(amounts(&own, 3).0, [700], "who has none is asked for nothing");
        let tier = |name: &str, amount| Tier { name: name.to_owned(), amount: won(amount) };
        let mut tiers = terms(Amount::Tiers(vec![tier("일반", 20_000), tier("학생", 10_000)]));
        tiers.members.insert(UserId(1), MemberTerms { tier: Some(1), ..MemberTerms::default() });
        assert_eq!(amounts(&tiers, 2).0, [10_000, 20_000]);
    }

    #[test]
    fn periods_come_at_their_days() {
        let mut plan = terms(Amount::Equal(won(1)));
        let due = |plan: &Terms, period| plan.due(period).map(|day| day.to_string());
        assert_eq!(due(&plan, 1).unwrap(), "2027-02-28");
        assert_eq!(due(&plan, 2).unwrap(), "2027-03-31");
        plan.repeat = Repeat::Weeks(2);
        assert_eq!(due(&plan, 3).unwrap(), "2027-03-14");
        plan.repeat = Repeat::Once;
        assert_eq!((due(&plan, 0).unwrap(), due(&plan, 1)), ("2027-01-31".to_owned(), None));
    }

    #[test]
    fn terms_out_of_bounds_are_refused() {
        let today: Day = "2026-12-01".parse().unwrap();
        assert!(terms(Amount::Equal(won(1))).checked(today).is_ok());
        let wrong = [
            terms(Amount::Equal(won(0))),
            terms(Amount::Shared(won(AMOUNT_MAX + 1))),
            terms(Amount::Tiers(Vec::new())),
            Terms { title: " ".to_owned(), ..terms(Amount::Equal(won(1))) },
            Terms { repeat: Repeat::Weeks(0), ..terms(Amount::Equal(won(1))) },
            Terms { grace_days: 91, ..terms(Amount::Equal(won(1))) },
            Terms { first_due: "2026-11-30".parse().unwrap(), ..terms(Amount::Equal(won(1))) },
            Terms {
                members: [(UserId(1), MemberTerms { tier: Some(0), ..MemberTerms::default() })].into(),
                ..terms(Amount::Equal(won(1)))
            },
        ];
        for wrong in wrong {
            let refused = wrong.clone().checked(today);
            assert!(matches!(refused, Err(Error::InvalidField { .. })), "{wrong:?}");
        }
    }
}
