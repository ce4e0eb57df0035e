//! What comes after a request was made, step by step: reminders and the late fee. Plain code: the time is a value.

use super::day::{Day, minute_of_day};
use super::plan::FIRST_HOUR;

/// Nobody is reminded from this hour on.
const LAST_HOUR: i64 = 20;
/// So long before the day the first reminder is.
const DAYS_BEFORE: i64 = 3;

/// A step of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// Days before it is due.
    Before,
    /// On the day.
    OnTheDay,
    /// The days of grace are over: more is asked.
    LateFee,
    /// And those who have not paid are told.
    Late,
    /// Nothing comes any more.
    Over,
}

/// The days of a request, from which its steps follow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Days {
    pub(super) due: Day,
    pub(super) grace_days: u32,
}

/// What is to be done about a step whose time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Do it, and go on to the next one.
    Do,
    /// A later reminder is due as well, or it is past: go on to the next one.
    PassOver,
    /// It is night: not before then.
    Wait(u64),
}

impl Step {
    const ALL: [Self; 5] = [Self::Before, Self::OnTheDay, Self::LateFee, Self::Late, Self::Over];

    pub(super) const fn stored(self) -> i64 {
        self as i64
    }

    /// What is not known is over.
    pub(super) fn of(stored: i64) -> Self {
        usize::try_from(stored).ok().and_then(|place| Self::ALL.get(place)).copied().unwrap_or(Self::Over)
    }

    pub(super) fn next(self) -> Self {
        Self::of(self.stored() + 1)
    }

    pub(super) const fn is_reminder(self) -> bool {
        matches!(self, Self::Before | Self::OnTheDay | Self::Late)
    }

    /// Its name for programs.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::OnTheDay => "onTheDay",
            Self::LateFee => "lateFee",
            Self::Late => "late",
            Self::Over => "over",
        }
    }

    /// When its time comes.
    pub(super) fn at_ms(self, days: Days) -> Option<u64> {
        let late = days.due.plus_days(i64::from(days.grace_days) + 1);
        match self {
            Self::Before => Some(days.due.plus_days(-DAYS_BEFORE).at_hour(FIRST_HOUR)),
            Self::OnTheDay => Some(days.due.at_hour(FIRST_HOUR)),
            Self::LateFee => Some(late.at_hour(0)),
            Self::Late => Some(late.at_hour(FIRST_HOUR)),
            Self::Over => None,
        }
    }

    /// The first step of a request that is made at that time: what is past is not made up for, and the request is a reminder
    /// itself. One that comes after its day, because the server was down, bears no late fee.
    pub(super) fn first(days: Days, now_ms: u64) -> Self {
        let mut step = Self::Before;
        while step.at_ms(days).is_some_and(|at_ms| at_ms <= now_ms) {
            step = step.next();
        }
        match step {
            Self::LateFee if Day::of_ms(now_ms) > days.due => Self::Late,
            step => step,
        }
    }

    /// What is to be done about it at that time, which has come.
    pub(super) fn action(self, days: Days, now_ms: u64) -> Action {
        if !self.is_reminder() {
            return Action::Do;
        }
        let later = Self::ALL.into_iter().filter(|step| *step > self && step.is_reminder());
        if later.filter_map(|step| step.at_ms(days)).any(|at_ms| at_ms <= now_ms) {
            return Action::PassOver;
        }
        let (minute, today) = (minute_of_day(now_ms), Day::of_ms(now_ms));
        match () {
            () if minute < i64::from(FIRST_HOUR) * 60 => Action::Wait(today.at_hour(FIRST_HOUR)),
            () if minute >= LAST_HOUR * 60 => Action::Wait(today.plus_days(1).at_hour(FIRST_HOUR)),
            () => Action::Do,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000;

    fn days() -> Days {
        Days { due: day("2026-12-10"), grace_days: 2 }
    }

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn at(date: &str, hour: u64) -> u64 {
        day(date).at_hour(0) + hour * HOUR
    }

    #[test]
    fn steps_come_in_their_order_at_bearable_hours() {
        let times: Vec<u64> = Step::ALL.iter().filter_map(|step| step.at_ms(days())).collect();
        assert_eq!(times, [at("2026-12-07", 9), at("2026-12-10", 9), at("2026-12-13", 0), at("2026-12-13", 9)]);
        for step in Step::ALL {
            assert_eq!(Step::of(step.stored()), step);
        }
        assert_eq!(Step::of(77), Step::Over);
    }

    #[test]
    fn a_request_that_is_made_late_begins_with_what_is_to_come() {
        assert_eq!(Step::first(days(), at("2026-12-01", 9)), Step::Before);
        assert_eq!(Step::first(days(), at("2026-12-07", 9)), Step::OnTheDay);
        assert_eq!(Step::first(days(), at("2026-12-10", 9)), Step::LateFee);
        assert_eq!(Step::first(days(), at("2026-12-11", 9)), Step::Late, "asked after its day: no late fee");
        assert_eq!(Step::first(days(), at("2026-12-20", 9)), Step::Over);
    }

    #[test]
    fn of_reminders_that_were_missed_the_newest_alone_comes() {
        assert_eq!(Step::Before.action(days(), at("2026-12-10", 10)), Action::PassOver);
        assert_eq!(Step::OnTheDay.action(days(), at("2026-12-10", 10)), Action::Do);
        assert_eq!(Step::OnTheDay.action(days(), at("2026-12-13", 9)), Action::PassOver);
        assert_eq!(Step::LateFee.action(days(), at("2027-01-13", 3)), Action::Do, "money is not passed over");
    }

    #[test]
    fn nobody_is_reminded_at_night() {
        let morning = day("2026-12-08").at_hour(9);
        assert_eq!(Step::Before.action(days(), at("2026-12-07", 20)), Action::Wait(morning));
        assert_eq!(Step::Before.action(days(), at("2026-12-08", 3)), Action::Wait(morning));
        assert_eq!(Step::Before.action(days(), at("2026-12-07", 19)), Action::Do);
    }
}
