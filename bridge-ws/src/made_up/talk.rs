//! A script's exchanges, said by other people than it names.

use std::cmp::Reverse;
use std::collections::{HashMap, VecDeque};

use super::dice::Dice;
use super::script::{Line, Scene};

/// Follows a name where somebody speaks of another.
const TITLE: &str = " 님";

/// What somebody says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Which of the people.
    pub speaker: usize,
    /// In their names.
    pub text: String,
    /// Quotes what was said before it.
    pub is_reply: bool,
}

/// Exchange after exchange, until everybody has said as much as was asked for. An exchange's parts go to those who have
/// most left to say, and a part whose speaker has nothing left to another.
#[derive(Debug)]
pub struct Talk {
    scene: &'static Scene,
    people: Vec<String>,
    /// How much each has left to say.
    left: Vec<u32>,
    /// Exchanges that were not said since they were last shuffled.
    exchanges: Vec<&'static [Line]>,
    lines: VecDeque<&'static Line>,
    /// Who plays whom of the script.
    parts: HashMap<&'static str, usize>,
    last: Option<usize>,
    dice: Dice,
}

impl Talk {
    pub(super) fn new(scene: &'static Scene, people: Vec<String>, each: u32, dice: Dice) -> Self {
        let left = vec![each; people.len()];
        let (exchanges, lines, parts) = (Vec::new(), VecDeque::new(), HashMap::new());
        Self { scene, people, left, exchanges, lines, parts, last: None, dice }
    }

    fn begin_exchange(&mut self) {
        if self.exchanges.is_empty() {
            self.exchanges = self.scene.exchanges.iter().map(Vec::as_slice).collect();
            self.dice.shuffle(&mut self.exchanges);
        }
        let Some(lines) = self.exchanges.pop() else { return };
        self.lines = lines.iter().collect();
        let mut takers: Vec<usize> = (0..self.people.len()).collect();
        self.dice.shuffle(&mut takers);
        takers.sort_by_key(|&taker| Reverse(self.left[taker]));
        // Those who speak before those who are only spoken of.
        let names = lines.iter().map(|line| line.speaker).chain(self.scene.people.iter().copied());
        self.parts.clear();
        for name in names {
            let next = takers[self.parts.len() % takers.len()];
            self.parts.entry(name).or_insert(next);
        }
    }

    /// Whoever has most left to say, somebody else than spoke last where there is one.
    fn another(&self) -> Option<usize> {
        let able = (0..self.left.len()).filter(|&taker| self.left[taker] > 0);
        able.max_by_key(|&taker| (Some(taker) != self.last, self.left[taker], Reverse(taker)))
    }

    /// The text with the names of those who play the parts.
    fn recast(&self, text: &str) -> String {
        let mut recast = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(TITLE) {
            let named = self.parts.iter().find_map(|(&name, &part)| Some((before.strip_suffix(name)?, part)));
            match named {
                Some((before, part)) => recast.extend([before, &self.people[part]]),
                None => recast.push_str(before),
            }
            recast.push_str(TITLE);
            rest = after;
        }
        recast + rest
    }
}

impl Iterator for Talk {
    type Item = Said;

    fn next(&mut self) -> Option<Said> {
        let another = self.another()?;
        if self.lines.is_empty() {
            self.begin_exchange();
        }
        let line = self.lines.pop_front()?;
        let speaker = self.parts.get(line.speaker).copied().filter(|&speaker| self.left[speaker] > 0);
        let speaker = speaker.unwrap_or(another);
        self.left[speaker] -= 1;
        self.last = Some(speaker);
        Some(Said { speaker, text: self.recast(line.text), is_reply: line.is_reply })
    }
}

#[cfg(test)]
mod tests {
    use unicode_normalization::is_nfc;

    use super::super::script::scenes;
    use super::*;

    fn talk(scene: usize, people: usize, each: u32) -> Vec<Said> {
        let people = (0..people).map(|nth| format!("사람{nth}")).collect();
        Talk::new(&scenes()[scene], people, each, Dice::new(7)).collect()
    }

    #[test]
    fn everybody_says_as_much_as_was_asked_for() {
        for scene in 0..scenes().len() {
            for (people, each) in [(1, 4), (2, 9), (4, 3), (12, 1), (30, 20), (3, 0)] {
                let said = talk(scene, people, each);
                let of_each = (0..people).map(|nth| said.iter().filter(|said| said.speaker == nth).count());
                assert!(of_each.into_iter().all(|count| count == each as usize), "{people} people, {each} each");
            }
        }
        assert_eq!(Talk::new(&scenes()[0], Vec::new(), 3, Dice::new(7)).next(), None);
    }

    #[test]
    fn talk_is_well_formed_and_nobody_is_called_by_a_name_of_the_script() {
        for (nth, scene) in scenes().iter().enumerate() {
            for said in talk(nth, 8, 10) {
                assert!(is_nfc(&said.text) && !said.text.is_empty() && said.text.chars().count() <= 4_000);
                let named = scene.people.iter().find(|name| said.text.contains(&format!("{name}{TITLE}")));
                assert_eq!(named, None, "{}", said.text);
            }
        }
    }

    #[test]
    fn people_take_turns() {
        let said = talk(0, 10, 12);
        let twice = said.windows(2).filter(|pair| pair[0].speaker == pair[1].speaker).count();
        assert!(twice * 4 < said.len(), "{twice} of {} spoke twice in a row", said.len());
        assert!(said.iter().any(|said| said.is_reply) && !said[0].is_reply);
    }

    #[test]
    fn one_who_is_spoken_of_has_the_name_of_who_plays_the_part() {
        let texts: Vec<String> = talk(0, 5, 40).into_iter().map(|said| said.text).collect();
        assert!(texts.iter().any(|text| text.contains("사람") && text.contains("님 탓인데요")), "{texts:#?}");
    }
}
