//! People, rooms and talk that are made up, for `POST /api/mock/channel`, `moim mock` and `moim demo` alike: the same
//! seed gives the same, run after run and release after release of one script.
//!
//! They are here, and not with the commands that use them too, because a bridge may not use those; and not in the stores,
//! which keep what is said and make nothing up.

mod dice;
mod person;
mod script;
mod talk;

pub use dice::Dice;
pub use person::Person;
pub use script::{Line, Scene, scenes};
pub use talk::{Said, Talk};

/// Whom and what a seed makes up. People and rooms are numbered from 0 and each is the same whatever is asked for beside.
#[derive(Clone, Copy, Debug)]
pub struct MadeUp {
    seed: u64,
}

impl MadeUp {
    /// Everything of a seed.
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The person of that number.
    pub fn person(self, nth: u32) -> Person {
        Person::of(self.seed, nth)
    }

    /// Name and description of the room of that number: no two rooms of a seed have one name.
    pub fn room(self, nth: u32) -> (String, &'static str) {
        let scene = self.scene(nth);
        let name = match nth as usize / scenes().len() {
            0 => scene.name.to_owned(),
            round => format!("{} {}", scene.name, round + 1),
        };
        (name, scene.description)
    }

    /// What is said in the room of that number among those people, who are called so. Each says `each` things.
    pub fn talk(self, room: u32, people: Vec<String>, each: u32) -> Talk {
        Talk::new(self.scene(room), people, each, Dice::of(self.seed, room))
    }

    fn scene(self, room: u32) -> &'static Scene {
        let scenes = scenes();
        let first = Dice::new(self.seed).below(scenes.len());
        &scenes[(first + room as usize) % scenes.len()]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn rooms_are_told_apart_by_their_names_and_repeat_with_their_seed() {
        let names = |seed| (0..100).map(|room| MadeUp::new(seed).room(room).0).collect::<Vec<_>>();
        assert_eq!(names(4), names(4));
        assert_eq!(names(4).iter().collect::<HashSet<_>>().len(), 100);
        let first: HashSet<_> = (0..40).map(|seed| MadeUp::new(seed).room(0).0).collect();
        assert!(first.len() > 1, "every seed begins with {first:?}");
    }

    #[test]
    fn a_seed_says_the_same_each_time_and_another_something_else() {
        let said = |seed| {
            let people = (0..4).map(|nth| MadeUp::new(seed).person(nth).given.to_owned()).collect();
            MadeUp::new(seed).talk(2, people, 5).collect::<Vec<_>>()
        };
        assert_eq!(said(11), said(11));
        assert_ne!(said(11), said(12));
    }
}
