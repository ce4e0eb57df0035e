//! Names and talk that are made up: the same number gives the same person and the same words, run after run.

/// Family names by how often they are met, roughly.
const FAMILY: [&str; 12] = ["김", "이", "박", "김", "최", "정", "이", "강", "조", "윤", "장", "임"];
const GIVEN: [&str; 20] = [
    "서연", "민준", "지우", "도윤", "하은", "시우", "수아", "예준", "지유", "주원", "채원", "하준", "다은", "지호",
    "유진", "건우", "소율", "현우", "은서", "준서",
];
/// What a group is about, and what it says of itself.
const GROUPS: [(&str, &str); 8] = [
    ("북한산 등산모임", "매달 둘째 토요일에 오릅니다. 회비 월 1만 원."),
    ("독서모임 책갈피", "한 달에 한 권, 마지막 목요일 저녁."),
    ("조기축구 FC 새벽", "일요일 여섯 시, 한강공원 운동장."),
    ("고등학교 동창회", "분기마다 한 번 얼굴 봅시다."),
    ("가족 여행 계", "매달 5만 원씩 모아 내년 봄 제주도."),
    ("사진 산책", "골목을 걷고 사진을 나눕니다."),
    ("보드게임 번개", "주말 저녁, 홍대입구."),
    ("아파트 텃밭", "물 주는 차례와 씨앗 공동구매."),
];
const SAYINGS: [&str; 24] = [
    "이번 달 회비 다들 내셨나요?",
    "네, 방금 보냈어요.",
    "저는 내일 월급날이라 내일 보낼게요 ㅎㅎ",
    "토요일에 비 온다는데 그대로 하나요?",
    "오전에 그친대요. 예정대로 가요!",
    "장소는 지난번이랑 같은 곳인가요?",
    "네, 2번 출구에서 열 시에 만나요.",
    "저는 조금 늦을 것 같아요. 먼저 시작하세요.",
    "사진 올려 주신 거 잘 봤어요 👍",
    "영수증은 제가 정리해서 올릴게요.",
    "총무님 늘 고생 많으십니다.",
    "이번에 새로 오신 분들 환영해요!",
    "안녕하세요, 잘 부탁드립니다.",
    "뒤풀이는 어디로 갈까요?",
    "지난번 그 칼국수집 좋았는데요.",
    "거기 예약해 둘까요? 몇 명이죠?",
    "저 포함 여섯 명이요.",
    "남은 회비가 얼마인지 알 수 있을까요?",
    "오늘 기준으로 21만 4천 원 남았습니다.",
    "다음 달 날짜는 투표로 정해요.",
    "저는 둘째 주가 좋아요.",
    "아이 데려가도 괜찮을까요?",
    "그럼요, 같이 와요.",
    "다들 조심히 들어가세요. 오늘 즐거웠어요!",
];

/// The name of that person, of 240 that differ.
pub(super) fn name(person: u32) -> String {
    let person = person as usize;
    let family = FAMILY[person % FAMILY.len()];
    // Each round of the given names moves on by one, so that pairs repeat late.
    let given = GIVEN[(person + person / GIVEN.len()) % GIVEN.len()];
    format!("{family}{given}")
}

/// Name and description of that channel.
pub(super) fn group(channel: u32) -> (String, &'static str) {
    let channel = channel as usize;
    let (name, description) = GROUPS[channel % GROUPS.len()];
    match channel / GROUPS.len() {
        0 => (name.to_owned(), description),
        round => (format!("{name} {}", round + 1), description),
    }
}

/// What is said in a channel as its `nth` message: talk goes on where it was, from another beginning in each channel.
pub(super) fn saying(channel: u32, nth: u32) -> &'static str {
    SAYINGS[(channel as usize * 7 + nth as usize) % SAYINGS.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_hundred_people_have_few_namesakes_and_keep_their_names() {
        let names: HashSet<_> = (0..100).map(name).collect();
        assert!(names.len() >= 55, "{}", names.len());
        assert_eq!(name(0), "김서연");
        assert!(names.iter().all(|name| name.chars().count() == 3));
    }

    #[test]
    fn channels_are_told_apart_by_their_names() {
        let names: HashSet<_> = (0..50).map(|channel| group(channel).0).collect();
        assert_eq!(names.len(), 50);
    }
}
