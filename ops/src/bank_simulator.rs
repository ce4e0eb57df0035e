//! A bank that misbehaves: it tells of payments twice, late, out of order, with a wrong amount that it puts right, and others
//! tell in its name. What it does follows from a seed, and so does what each wallet must have been credited in the end.

use std::collections::BTreeMap;

use moim_bridge::made_up::Dice;
use serde::Serialize;

/// A notice is signed so many seconds ago where it is said again later; the window of the server is shorter.
pub(crate) const STALE_S: u64 = 3_600;

/// Which notices are sent, and what must come of them.
pub(crate) struct Plan {
    /// Sent at once, in this order, by several tellers: so they overtake one another.
    pub(crate) first: Vec<Delivery>,
    /// Sent when those are answered.
    pub(crate) afterwards: Vec<Delivery>,
    /// What must have been credited, by reference.
    pub(crate) credited: BTreeMap<String, i64>,
    /// What is nobody's.
    pub(crate) unmatched: i64,
}

/// A notice on its way.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) body: String,
    pub(crate) signed: Signed,
    /// The status with which it must be answered.
    pub(crate) status: u16,
}

/// How a notice is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signed {
    /// By the bank, now.
    Now,
    /// By the bank, too long ago.
    LongAgo,
    /// By somebody who does not know the secret.
    Wrongly,
}

#[derive(Serialize)]
struct Notice<'a> {
    id: &'a str,
    reference: &'a str,
    payer: &'a str,
    amount: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    corrects: Option<&'a str>,
}

const PAYERS: [&str; 6] = ["김민지", "이준호", "박서연", "최도윤", "정하은", "한지우"];

impl Plan {
    /// So many payments to these references.
    pub(crate) fn new(seed: u64, payments: u32, references: &[String]) -> Self {
        let mut plan = Self { first: Vec::new(), afterwards: Vec::new(), credited: BTreeMap::new(), unmatched: 0 };
        let mut chance = Dice::new(seed);
        for number in 1..=payments {
            plan.payment(&mut chance, &format!("sim-{seed}-{number}"), references);
        }
        chance.shuffle(&mut plan.first);
        plan
    }

    fn payment(&mut self, chance: &mut Dice, id: &str, references: &[String]) {
        let is_known = !references.is_empty() && chance.below(20) > 0;
        let reference = if is_known { &references[chance.below(references.len())] } else { "회비 보냅니다" };
        let payer = PAYERS[chance.below(PAYERS.len())];
        let amount = 1_000 * (1 + chance.below(99) as i64);
        let notice = |id, amount, corrects| Notice { id, reference, payer, amount, corrects };
        let tell = |notice: &Notice<'_>, signed, status| {
            // Texts and numbers: nothing of it cannot be written.
            Delivery { body: serde_json::to_string(notice).unwrap_or_default(), signed, status }
        };
        let right = notice(id, amount, None);
        let told = tell(&right, Signed::Now, 200);
        let mut credited = amount;
        match chance.below(10) {
            0 | 1 => self.first.extend([told.clone(), told.clone(), told]),
            2 | 3 => {
                // The wrong amount, and what puts it right, whichever comes first.
                credited = 1_000 * chance.below(100) as i64;
                let correction = format!("{id}-right");
                self.first.extend([told, tell(&notice(&correction, credited, Some(id)), Signed::Now, 200)]);
            }
            4 => {
                self.first.push(told.clone());
                self.afterwards.push(tell(&notice(id, amount + 5_000, None), Signed::Now, 409));
                self.afterwards.push(told);
            }
            5 => {
                let forged = format!("{id}-forged");
                self.first.extend([told, tell(&notice(&forged, 90_000_000, None), Signed::Wrongly, 401)]);
            }
            6 => {
                self.first.push(tell(&right, Signed::LongAgo, 401));
                self.afterwards.push(told);
            }
            _ => self.first.push(told),
        }
        if is_known {
            *self.credited.entry(reference.to_owned()).or_default() += credited;
        } else {
            self.unmatched += credited;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_plan_and_a_long_one_has_every_misbehaviour() {
        let references = ["M0071F".to_owned(), "M0082R".to_owned()];
        let plan = Plan::new(7, 200, &references);
        let again = Plan::new(7, 200, &references);
        let bodies = |plan: &Plan| plan.first.iter().map(|told| told.body.clone()).collect::<Vec<_>>();
        assert_eq!((bodies(&plan), &plan.credited), (bodies(&again), &again.credited));
        assert!(plan.credited.len() == 2 && plan.unmatched > 0);
        for signed in [Signed::Now, Signed::LongAgo, Signed::Wrongly] {
            assert!(plan.first.iter().any(|told| told.signed == signed), "{signed:?}");
        }
        let all = bodies(&plan);
        assert!(all.iter().any(|body| all.iter().filter(|other| *other == body).count() == 3), "told thrice");
        let early = |told: &String| {
            let corrected = told.split("\"corrects\":").nth(1).map(|id| format!("\"id\":{}", id.trim_end_matches('}')));
            corrected.is_some_and(|id| {
                all.iter().position(|body| body.contains(&format!("{id},"))) > all.iter().position(|body| body == told)
            })
        };
        assert!(all.iter().any(early), "a correction before what it corrects");
        assert!(plan.afterwards.iter().any(|told| told.status == 409));
    }
}
