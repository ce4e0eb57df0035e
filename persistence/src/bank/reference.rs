//! The code that a payer writes beside a transfer at his bank, so that it is known whose money it is.

use std::fmt;
use std::str::FromStr;

use crate::ledger::AccountId;

/// Without I, L, O and U, which are taken for other signs or make words.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// A prime below 32 * 32: a wrong digit, or two beside each other that are swapped, change the rest.
const CHECK_MODULUS: u64 = 1_021;
/// Digits of the number at least; two of the check follow.
const NUMBER_DIGITS_MIN: usize = 3;
/// 2^53 has so many.
const NUMBER_DIGITS_MAX: usize = 11;
const CHECK_DIGITS: usize = 2;

/// The code of a wallet: `M`, the wallet's number and two digits that check it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference(AccountId);

impl Reference {
    /// The code of that wallet.
    pub const fn of(wallet: AccountId) -> Self {
        Self(wallet)
    }

    /// Whose code it is; there may be no such wallet.
    pub const fn wallet(self) -> AccountId {
        self.0
    }

    /// The first word of a text that is a code.
    pub fn find(text: &str) -> Option<Self> {
        text.split(|c: char| !c.is_ascii_alphanumeric()).find_map(|word| word.parse().ok())
    }
}

/// Not 0 for small numbers, so that the check is no copy of the number.
const fn check(number: u64) -> u64 {
    (number % CHECK_MODULUS * 713 + 457) % CHECK_MODULUS
}

fn digit(number: u64) -> char {
    char::from(DIGITS[(number % 32) as usize])
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.0.0;
        let len = (1..NUMBER_DIGITS_MAX).find(|&len| number >> (5 * len) == 0).unwrap_or(NUMBER_DIGITS_MAX);
        let mut code = String::from("M");
        for place in (0..len.max(NUMBER_DIGITS_MIN)).rev() {
            code.push(digit(number >> (5 * place)));
        }
        code.push(digit(check(number) / 32));
        code.push(digit(check(number)));
        f.write_str(&code)
    }
}

impl FromStr for Reference {
    type Err = ();

    /// In small letters and with what looks alike, as people write.
    fn from_str(text: &str) -> Result<Self, ()> {
        let digits = text.strip_prefix(['M', 'm']).ok_or(())?;
        if !(NUMBER_DIGITS_MIN + CHECK_DIGITS..=NUMBER_DIGITS_MAX + CHECK_DIGITS).contains(&digits.len()) {
            return Err(());
        }
        let value = |text: &str| text.bytes().try_fold(0u64, |sum, byte| Some(sum << 5 | value_of(byte)?)).ok_or(());
        let (number, checked) = digits.split_at_checked(digits.len() - CHECK_DIGITS).ok_or(())?;
        let (number, checked) = (value(number)?, value(checked)?);
        let is_number = number > 0 && number < 1 << 53 && check(number) == checked;
        if is_number { Ok(Self(AccountId(number))) } else { Err(()) }
    }
}

fn value_of(byte: u8) -> Option<u64> {
    let digit = match byte.to_ascii_uppercase() {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        other => other,
    };
    DIGITS.iter().position(|&known| known == digit).map(|place| place as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_again_among_what_people_write() {
        for number in [1, 2, 31, 32, 1_020, 1_021, 32_767, 32_768, 1_000_000, (1 << 53) - 1] {
            let code = Reference::of(AccountId(number)).to_string();
            for text in [code.clone(), code.to_lowercase(), format!("회비 {code} 김민지"), format!("dues/{code}.")]
            {
                assert_eq!(Reference::find(&text), Some(Reference::of(AccountId(number))), "{text}");
            }
        }
        assert_eq!(Reference::of(AccountId(7)).to_string().len(), 6);
    }

    #[test]
    fn a_slip_of_the_pen_is_no_other_wallets_code() {
        for number in [7, 40, 999, 123_456] {
            let code = Reference::of(AccountId(number)).to_string();
            for place in 1..code.len() {
                for &digit in DIGITS {
                    let mut wrong = code.clone().into_bytes();
                    wrong[place] = digit;
                    let wrong = String::from_utf8(wrong).unwrap();
                    assert_eq!(wrong.parse::<Reference>().is_ok(), wrong == code, "{code} {wrong}");
                }
                if place + 1 < code.len() {
                    let mut swapped = code.clone().into_bytes();
                    swapped.swap(place, place + 1);
                    let swapped = String::from_utf8(swapped).unwrap();
                    assert_eq!(swapped.parse::<Reference>().is_ok(), swapped == code, "{code} {swapped}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_code_is_none() {
        for text in ["", "M", "m00", "회비", "M0000000000000000000000", "X00007", "M000LE"] {
            assert_eq!(Reference::find(text), None, "{text}");
        }
    }
}
