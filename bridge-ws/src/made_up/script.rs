//! What is said: rooms, who is in them, and exchanges of a few lines, read from `script.txt`.
//!
//! `# name | description | people` begins a room, an empty line parts exchanges, `person: text` is a line, and a line
//! after `>` quotes the one before it.

use std::sync::LazyLock;

/// A room and what is said in it.
#[derive(Debug, PartialEq, Eq)]
pub struct Scene {
    /// The room's name.
    pub name: &'static str,
    /// What the room says of itself.
    pub description: &'static str,
    /// Given names; the first is the room's admin.
    pub people: Vec<&'static str>,
    /// What is said, a few lines that belong together each.
    pub exchanges: Vec<Vec<Line>>,
}

/// Something that somebody says.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// A given name of the room's people.
    pub speaker: &'static str,
    /// What is said.
    pub text: &'static str,
    /// Quotes the line before it.
    pub is_reply: bool,
}

const SCRIPT: &str = include_str!("script.txt");

/// The rooms of the script.
pub fn scenes() -> &'static [Scene] {
    static SCENES: LazyLock<Vec<Scene>> =
        LazyLock::new(|| SCRIPT.split("# ").filter(|scene| !scene.trim().is_empty()).filter_map(scene).collect());
    &SCENES
}

fn scene(text: &'static str) -> Option<Scene> {
    let (head, body) = text.split_once('\n')?;
    let mut head = head.split(" | ");
    let (name, description, people) = (head.next()?, head.next()?, head.next()?);
    let exchanges = body.split("\n\n").map(|exchange| exchange.lines().filter_map(line).collect::<Vec<_>>());
    Some(Scene {
        name: name.trim(),
        description: description.trim(),
        people: people.split_whitespace().collect(),
        exchanges: exchanges.filter(|lines| !lines.is_empty()).collect(),
    })
}

fn line(text: &'static str) -> Option<Line> {
    let (is_reply, text) = match text.strip_prefix("> ") {
        Some(text) => (true, text),
        None => (false, text),
    };
    let (speaker, text) = text.split_once(": ")?;
    Some(Line { speaker, text: text.trim(), is_reply })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_said_by_somebody_who_is_in_the_room() {
        let scenes = scenes();
        assert_eq!(scenes.len(), 8);
        for scene in scenes {
            assert!(scene.exchanges.len() >= 4, "{}", scene.name);
            for line in scene.exchanges.iter().flatten() {
                assert!(scene.people.contains(&line.speaker), "{} speaks in {}", line.speaker, scene.name);
            }
        }
    }

    #[test]
    fn no_line_of_the_script_is_lost() {
        let written = SCRIPT.lines().filter(|line| line.contains(": ") && !line.starts_with('#')).count();
        let read: usize = scenes().iter().flat_map(|scene| &scene.exchanges).map(Vec::len).sum();
        assert_eq!(read, written);
    }

    #[test]
    fn no_exchange_begins_with_a_reply() {
        assert!(scenes().iter().flat_map(|scene| &scene.exchanges).all(|lines| !lines[0].is_reply));
    }
}
