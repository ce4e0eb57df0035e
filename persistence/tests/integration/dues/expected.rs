//! What ought to be: dues as a few lines of arithmetic.

pub(super) const PEOPLE: usize = 3;
pub(super) const AMOUNT: i64 = 10_000;
pub(super) const FEE: i64 = 500;

#[derive(Clone, Debug, Default)]
pub(super) struct Owed {
    pub(super) id: u64,
    pub(super) request: usize,
    pub(super) who: usize,
    pub(super) fee: i64,
    pub(super) waived: i64,
    pub(super) paid: i64,
    /// Of that from the wallet.
    pub(super) paid_by_wallet: i64,
    pub(super) void: bool,
    /// How much was made void, and whether by his own leaving.
    pub(super) voided: i64,
    pub(super) left_himself: bool,
    /// Cash that waits for a second person.
    pub(super) waiting: i64,
}

impl Owed {
    pub(super) fn open(&self) -> i64 {
        if self.void { 0 } else { AMOUNT + self.fee - self.waived - self.paid }
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Purse {
    pub(super) wallet: i64,
    pub(super) by_wallet: i64,
    pub(super) by_cash: i64,
    pub(super) credit: i64,
    /// Of that from the wallet.
    pub(super) credit_by_wallet: i64,
}

/// What ought to be.
#[derive(Default)]
pub(super) struct Model {
    pub(super) purses: [Purse; PEOPLE],
    pub(super) is_member: [bool; PEOPLE],
    /// Those who are, by how long they have been: in this order they are asked.
    pub(super) by_time: Vec<usize>,
    pub(super) owed: Vec<Owed>,
    pub(super) requests: usize,
    /// What the room is told of charges: what, who, what is open, how many have paid of how many, what was paid.
    pub(super) told: Vec<(&'static str, usize, i64, usize, usize, i64)>,
    pub(super) transfers: usize,
    /// Of whom nothing is asked.
    pub(super) exempt: Option<usize>,
}

impl Model {
    pub(super) fn newest(&self, who: usize, back: usize) -> Option<usize> {
        let own: Vec<usize> = (0..self.owed.len()).filter(|&place| self.owed[place].who == who).collect();
        own.len().checked_sub(1 + back).map(|place| own[place])
    }

    /// Whether the treasurer may: nobody gives back or lets go his own, but who is alone.
    pub(super) fn may_give_back(&self, who: usize) -> bool {
        who != 0 || !self.is_member[1..].contains(&true)
    }

    pub(super) fn counts(&self, request: usize) -> (usize, usize, i64) {
        let of = self.owed.iter().filter(|owed| owed.request == request);
        let asked = of.clone().filter(|owed| !owed.void && (owed.open() > 0 || owed.paid > 0)).count();
        let paid = of.clone().filter(|owed| !owed.void && owed.open() == 0 && owed.paid > 0).count();
        (asked, paid, of.map(|owed| owed.paid).sum())
    }

    pub(super) fn tell(&mut self, what: &'static str, place: usize) {
        let owed = &self.owed[place];
        let (asked, paid, collected) = self.counts(owed.request);
        self.told.push((what, owed.who, owed.open(), paid, asked, collected));
    }

    pub(super) fn use_credit(&mut self, who: usize, tells: impl Fn(usize) -> bool) {
        for place in 0..self.owed.len() {
            let used = self.owed[place].open().min(self.purses[who].credit);
            if self.owed[place].who == who && used > 0 {
                let purse = &mut self.purses[who];
                let of_wallet = used - used.min(purse.credit - purse.credit_by_wallet);
                self.owed[place].paid += used;
                self.owed[place].paid_by_wallet += of_wallet;
                purse.credit -= used;
                purse.credit_by_wallet -= of_wallet;
                if tells(self.owed[place].request) {
                    self.tell("creditUsed", place);
                }
            }
        }
    }

    pub(super) fn came(&mut self, what: &'static str, place: usize, amount: i64) {
        let (who, to_charge) = (self.owed[place].who, self.owed[place].open().min(amount));
        self.owed[place].paid += to_charge;
        self.purses[who].credit += amount - to_charge;
        if what == "paid" {
            self.owed[place].paid_by_wallet += to_charge;
            self.purses[who].credit_by_wallet += amount - to_charge;
        }
        self.transfers += 1;
        self.tell(what, place);
        if amount > to_charge {
            self.use_credit(who, |_| true);
        }
    }

    pub(super) fn month(&mut self) {
        // Of the period before the days of grace are over by now.
        if let Some(before) = self.requests.checked_sub(1) {
            let late = |owed: &Owed| owed.request == before && owed.waiting < owed.open();
            let late: Vec<usize> = (0..self.owed.len()).filter(|&place| late(&self.owed[place])).collect();
            late.into_iter().for_each(|place| self.charge_fee(place));
        }
        let request = self.requests;
        self.requests += 1;
        let waived = |who| if self.exempt == Some(who) { AMOUNT } else { 0 };
        let new = |&who: &usize| Owed { request, who, waived: waived(who), ..Owed::default() };
        self.owed.extend(self.by_time.iter().map(new));
        for who in 0..PEOPLE {
            self.use_credit(who, |of| of != request);
        }
    }

    fn charge_fee(&mut self, place: usize) {
        if self.owed[place].open() > 0 {
            self.owed[place].fee += FEE;
            self.tell("lateFee", place);
            self.use_credit(self.owed[place].who, |_| true);
        }
    }

    /// The fee whose time came while something held it back.
    pub(super) fn charge_held_back(&mut self, place: usize) {
        let owed = &self.owed[place];
        if owed.request + 1 < self.requests && owed.fee == 0 && owed.waiting < owed.open() {
            self.charge_fee(place);
        }
    }

    pub(super) fn let_go(&mut self, place: usize, left_himself: bool) {
        let open = self.owed[place].open();
        if open > 0 {
            let owed = &mut self.owed[place];
            owed.waived += open;
            owed.voided += open;
            (owed.void, owed.left_himself) = (true, left_himself);
            self.tell("void", place);
        }
    }

    pub(super) fn come_back(&mut self, who: usize) {
        self.is_member[who] = true;
        self.by_time.push(who);
        for place in 0..self.owed.len() {
            let owed = &mut self.owed[place];
            if owed.who == who && owed.void {
                owed.void = false;
                owed.waived -= std::mem::take(&mut owed.voided);
                let left_himself = owed.left_himself;
                self.tell("reopened", place);
                if left_himself {
                    self.charge_held_back(place);
                }
            }
        }
        self.use_credit(who, |_| true);
    }

    pub(super) fn leave(&mut self, who: usize) {
        self.is_member[who] = false;
        self.by_time.retain(|&member| member != who);
        for place in 0..self.owed.len() {
            if self.owed[place].who == who {
                self.let_go(place, true);
            }
        }
        let purse = &mut self.purses[who];
        let back = purse.credit_by_wallet;
        if back > 0 {
            purse.credit -= back;
            purse.credit_by_wallet = 0;
            purse.by_wallet -= back;
            purse.wallet += back;
            self.transfers += 1;
        }
    }
}
