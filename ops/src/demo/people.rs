//! The made-up people and their rooms, in the accounts' store.

use std::collections::HashMap;

use moim_bridge::made_up::Scene;
use moim_persistence::{Accounts, Error, NewRoom, SignUp};
use moim_wire::limits::LIST_LIMIT_MAX;
use moim_wire::{RoomId, UserId};

/// What everybody's password is: it is printed, and so no secret. Hence the demo only runs where a trial is configured.
pub(super) const PASSWORD: &str = "moim-demo";

/// Somebody made up.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) given: &'static str,
    pub(super) name: &'static str,
    pub(super) email: &'static str,
}

/// Who talks.
pub(super) const PEOPLE: [Person; 6] = [
    Person { given: "하늘", name: "김하늘", email: "haneul@moim.example" },
    Person { given: "민준", name: "이민준", email: "minjun@moim.example" },
    Person { given: "서연", name: "박서연", email: "seoyeon@moim.example" },
    Person { given: "도윤", name: "최도윤", email: "doyun@moim.example" },
    Person { given: "지우", name: "정지우", email: "jiwoo@moim.example" },
    Person { given: "수아", name: "강수아", email: "sua@moim.example" },
];

/// For whoever visits: is in every room and says only what the visitor says.
pub(super) const GUEST: Person = Person { given: "손님", name: "손님", email: "guest@moim.example" };

/// Makes what is not there yet; gives each scene's room.
pub(super) async fn prepare(accounts: &Accounts, scenes: &[Scene]) -> Result<Vec<RoomId>, Error> {
    let mut ids = HashMap::new();
    for person in PEOPLE.iter().chain([&GUEST]) {
        ids.insert(person.given, account(accounts, person).await?);
    }
    let mut rooms = Vec::new();
    for scene in scenes {
        rooms.push(room(accounts, scene, &ids).await?);
    }
    Ok(rooms)
}

async fn account(accounts: &Accounts, person: &Person) -> Result<UserId, Error> {
    match accounts.users().by_email(person.email).await {
        Err(Error::NoSuchUser(_)) => {
            let (email, username) = (person.email.to_owned(), person.name.to_owned());
            let sign_up = SignUp { email, username, password: PASSWORD.to_owned() };
            Ok(accounts.users().sign_up(sign_up).await?.id)
        }
        found => Ok(found?.id),
    }
}

async fn room(accounts: &Accounts, scene: &Scene, ids: &HashMap<&str, UserId>) -> Result<RoomId, Error> {
    let rooms = accounts.rooms();
    let admin = ids[scene.people[0]];
    let mine = rooms.of_user(admin, RoomId(0), LIST_LIMIT_MAX).await?;
    let room = match mine.iter().find(|mine| mine.room.name == scene.name) {
        Some(mine) => mine.room.id,
        None => {
            let (name, description) = (scene.name.to_owned(), scene.description.to_owned());
            let new = NewRoom { name, description, private: false, password: String::new() };
            rooms.create(admin, new).await?.id
        }
    };
    for given in scene.people.iter().chain([&GUEST.given]) {
        match rooms.add(admin, room, ids[given]).await {
            Ok(_) | Err(Error::AlreadyMember { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(room)
}

#[cfg(test)]
mod tests {
    use moim_bridge::made_up::scenes;

    use super::*;

    #[test]
    fn the_script_names_nobody_who_has_no_account() {
        for scene in &scenes()[..super::super::ROOMS] {
            assert!(
                scene.people.iter().all(|name| PEOPLE.iter().any(|person| person.given == *name)),
                "{}",
                scene.name
            );
        }
    }
}
