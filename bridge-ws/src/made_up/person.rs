//! Who is made up.

use super::dice::Dice;

/// Family names, roughly as often as they are met in Korea.
const FAMILY: [&str; 40] = [
    "김", "김", "김", "김", "김", "김", "김", "김", "김", "김", "이", "이", "이", "이", "이", "이", "이", "박", "박",
    "박", "박", "최", "최", "정", "정", "강", "조", "윤", "장", "임", "한", "오", "서", "신", "권", "황", "안", "송",
    "류", "홍",
];
const GIVEN: [&str; 60] = [
    "서연", "민준", "지우", "도윤", "하은", "시우", "수아", "예준", "지유", "주원", "채원", "하준", "다은", "지호",
    "유진", "건우", "소율", "현우", "은서", "준서", "서현", "우진", "예은", "선우", "지안", "연우", "윤서", "정우",
    "나은", "승우", "수빈", "지훈", "가은", "민재", "예린", "동현", "소연", "재윤", "유나", "태윤", "아린", "시윤",
    "혜원", "성민", "지민", "은우", "다인", "한결", "미소", "영호", "정숙", "병철", "순자", "경희", "상훈", "은경",
    "기현", "보라", "종수", "하늘",
];

/// Somebody who is made up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Family and given name.
    pub name: String,
    /// What others in a room say.
    pub given: &'static str,
    /// Of a domain that nobody can have.
    pub email: String,
}

impl Person {
    /// Any 60 people in a row go by different given names.
    pub(super) fn of(seed: u64, nth: u32) -> Self {
        let mut given = GIVEN;
        Dice::new(seed).shuffle(&mut given);
        let given = given[nth as usize % GIVEN.len()];
        let family = FAMILY[Dice::of(seed, nth).below(FAMILY.len())];
        // The seed is in the address: people of two seeds are not each other's accounts.
        Self { name: format!("{family}{given}"), given, email: format!("mock{seed}-{nth}@moim.example") }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use unicode_normalization::is_nfc;

    use super::*;

    #[test]
    fn a_seeds_people_are_the_same_each_time_and_no_two_of_a_room_share_a_given_name() {
        let people = |seed| (0..500).map(|nth| Person::of(seed, nth)).collect::<Vec<_>>();
        let mine = people(3);
        assert_eq!(mine, people(3));
        assert_ne!(mine, people(4));
        for room in mine.windows(GIVEN.len()) {
            assert_eq!(room.iter().map(|person| person.given).collect::<HashSet<_>>().len(), GIVEN.len());
        }
        assert_eq!(mine.iter().map(|person| &person.email).collect::<HashSet<_>>().len(), mine.len());
    }

    #[test]
    fn names_are_three_syllables_of_one_code_point_each() {
        for person in (0..500).map(|nth| Person::of(1, nth)) {
            assert!(is_nfc(&person.name), "{}", person.name);
            assert_eq!(person.name.chars().count(), 3, "{}", person.name);
            assert!(person.name.chars().all(|char| ('가'..='힣').contains(&char)), "{}", person.name);
        }
    }
}
