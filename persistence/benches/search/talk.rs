//! Made-up talk: words with the frequencies that words have, in rooms of which a few are busy and most are quiet.

use moim_wire::schema::{Kind, MessageHead, Role};
use moim_wire::{EPOCH_UNIX_MS, Encoder, Envelope, MessageFields, MessageId};

const ROOMS: u32 = 20_000;
const PEOPLE: u32 = 50_000;
/// Words of the language, the frequent ones real, the others of syllables that Korean words are made of.
const WORDS: usize = 30_000;
/// A message in so many has a word that nine others have as well.
const RARE: u64 = 1_000;
/// Milliseconds between two messages: ten million are four months.
const GAP_MS: u64 = 1_000;

const FREQUENT: [&str; 64] = [
    "네",
    "ㅋㅋ",
    "오늘",
    "내일",
    "회비",
    "모임",
    "그럼",
    "저는",
    "우리",
    "감사합니다",
    "ㅋㅋㅋㅋ",
    "안녕하세요",
    "입금",
    "장소",
    "시간",
    "참석",
    "확인",
    "이번",
    "다음",
    "주말",
    "저녁",
    "점심",
    "커피",
    "사진",
    "등산",
    "총무",
    "정산",
    "계좌",
    "보냈어요",
    "알겠습니다",
    "좋아요",
    "괜찮아요",
    "그런데",
    "혹시",
    "언제",
    "어디서",
    "ㅠㅠ",
    "진짜",
    "정말",
    "아니요",
    "맞아요",
    "축하해요",
    "고생하셨어요",
    "토요일",
    "일요일",
    "금요일",
    "몇시",
    "예약",
    "식당",
    "회식",
    "생일",
    "선물",
    "버스",
    "지하철",
    "강남역",
    "서울",
    "부산",
    "날씨",
    "비가",
    "와요",
    "늦어요",
    "먼저",
    "출발",
    "도착",
];
const SYLLABLES: &str = "가각간갈감강개거건검게겨결경계고공과관광교구국군권귀규그근금급기길김나남내너노농다단달담당대더도독동두드등라락란래량력련로록료루류리림마만말망매맥머면명모목무문물미민바박반발방배백번범법변별병보복본부북분불비사산살삼상새생서석선설성세소속손송수순술스습승시식신실심아악안알암양어억언업에여역연열영예오온완요용우운원월위유육은음의이익인일임입자작잔장재적전점정제조족종주준중지직진질집차찬창채책처천철청체초총최추축출충치카코타태토통투특파판패편평포표풍피하학한할함항해행향허현형혜호혼화확환활황회효후훈휴희";
const PARTICLES: [&str; 10] = ["", "", "", "은", "는", "이", "가", "를", "에서", "까지"];
const LATIN: [&str; 8] = ["ok", "Zoom", "KTX", "iPhone", "link", "cafe", "moim", "https"];

/// Draws a keyword for so many messages.
type Draw = fn(&mut Dice, u64) -> String;

/// What people look for, by kind.
pub(crate) const KEYWORDS: [(&str, Draw); 6] = [
    ("a rare word", |dice, messages| rare(dice.below(messages / RARE / 10 + 1))),
    ("a common word", |dice, _| FREQUENT[dice.below(24) as usize].to_owned()),
    ("two syllables of a word", |dice, _| {
        let word = word(64 + dice.below(WORDS as u64 - 64) as usize);
        word.chars().take(2).collect()
    }),
    ("two words", |dice, _| format!("{} {}", FREQUENT[dice.below(24) as usize], word(dice.zipf()))),
    ("one syllable", |dice, _| SYLLABLES.chars().nth(dice.below(200) as usize).into_iter().collect()),
    ("a Latin beginning", |dice, _| LATIN[dice.below(8) as usize].chars().take(2).collect()),
];

/// Numbers by chance, the same for the same seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound.max(1)
    }

    /// A word's rank: the k-th is said 1/k times as often as the first.
    fn zipf(&mut self) -> usize {
        let share = self.below(1 << 53) as f64 / (1u64 << 53) as f64;
        ((WORDS as f64).powf(share) as usize - 1).min(WORDS - 1)
    }
}

/// A room by how much is said in it.
pub(crate) fn room(dice: &mut Dice) -> u32 {
    let share = dice.below(1 << 53) as f64 / (1u64 << 53) as f64;
    1 + (share * share * f64::from(ROOMS - 1)) as u32
}

fn rare(number: u64) -> String {
    format!("희귀{number}호")
}

/// The word of that rank.
fn word(rank: usize) -> String {
    if let Some(word) = FREQUENT.get(rank) {
        return (*word).to_owned();
    }
    let syllables: Vec<char> = SYLLABLES.chars().collect();
    let mut dice = Dice::new(rank as u64);
    (0..2 + dice.below(3)).map(|_| syllables[dice.below(syllables.len() as u64) as usize]).collect()
}

pub(crate) struct Talk {
    dice: Dice,
    words: Vec<String>,
    encoder: Encoder,
    text: String,
}

impl Talk {
    pub(crate) fn new() -> Self {
        let words = (0..WORDS).map(word).collect();
        Self { dice: Dice::new(1), words, encoder: Encoder::new(), text: String::new() }
    }

    /// Adds the frame of that message to `frames`.
    pub(crate) fn say(&mut self, number: u64, frames: &mut Vec<u8>) {
        let Self { dice, words, encoder, text } = self;
        text.clear();
        for _ in 0..1 + dice.below(7) {
            text.push_str(&words[dice.zipf()]);
            text.push_str(PARTICLES[dice.below(PARTICLES.len() as u64) as usize]);
            text.push(' ');
        }
        match dice.below(20) {
            0 => text.push_str(LATIN[dice.below(LATIN.len() as u64) as usize]),
            1 => text.push_str(&format!("{}원", 1_000 * (1 + dice.below(90)))),
            _ => {}
        }
        if number.is_multiple_of(RARE) {
            text.push_str(&rare(number / RARE / 10));
        }
        let id = MessageId::at_unix_ms(EPOCH_UNIX_MS + number * GAP_MS);
        let (room, sender) = (room(dice), 1 + dice.below(u64::from(PEOPLE)) as u32);
        let head = MessageHead::new(id.0, 0, room, sender, sender, number as u32);
        let fields = MessageFields { head, text: text.trim_end(), reference: 0, kind: Kind::Talk, role: Role::Member };
        encoder.message(frames, Envelope::default(), &fields);
    }
}
