//! `/api/mock/channel`: channels with made-up people who have talked, for trying out. Only in a trial.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use moim_persistence::{Accounts, Error, Identity, Login, NewRoom, Room, SignUp, UserId};
use moim_wire::MessageId;
use moim_wire::schema::Kind;
use serde::Deserialize;
use tokio::time::sleep;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::caller::Caller;
use super::channel::Listed;
use super::input::InQuery;
use super::openapi::Refused;
use super::room_change::settle_all;
use crate::agent::Agent;
use crate::app::App;
use crate::client_address::ClientAddress;
use crate::made_up::{MadeUp, Person};
use crate::problem::Problem;

const CHANNELS_MAX: u32 = 50;
const USERS_MAX: u32 = 50;
const CONTENTS_MAX: u32 = 100;
/// Messages of one request: a few seconds' work.
const MESSAGES_MAX: u32 = 5_000;
/// Messages of one person, in all channels together: as many as the usual rate lets pass in a request's time.
const MESSAGES_OF_ONE_MAX: u32 = 1_000;
/// Between two tries of one whom the rate holds up.
const PAUSE_MIN: Duration = Duration::from_millis(20);
/// Of private channels; said in their description, as it guards nothing.
const PASSWORD: &str = "moim-mock";

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(make))
}

/// How much to make up.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct Amounts {
    #[serde(default)]
    is_private: bool,
    /// Up to 50.
    #[serde(default = "three")]
    how_many_channel: u32,
    /// Members of each channel, the caller among them, up to 50.
    #[serde(default = "three")]
    how_many_user_in_channel: u32,
    /// Messages of each member in each channel, up to 100; of one person in all channels 1,000, of all together 5,000.
    #[serde(default = "three")]
    how_many_content_per_user: u32,
    /// The same number makes the same people, names and talk.
    #[serde(default)]
    seed: u32,
}

fn three() -> u32 {
    3
}

impl Amounts {
    fn check(&self) -> Result<(), Problem> {
        let Self { how_many_channel: channels, how_many_user_in_channel: users, .. } = *self;
        let contents = self.how_many_content_per_user;
        let bounds = [
            ("howManyChannel", channels, 1, CHANNELS_MAX),
            ("howManyUserInChannel", users, 1, USERS_MAX),
            ("howManyContentPerUser", contents, 0, CONTENTS_MAX),
        ];
        for (field, value, least, most) in bounds {
            if !(least..=most).contains(&value) {
                return Err(Problem::bad_request(format!("{field}: {value} is not within {least} to {most}")));
            }
        }
        // Each factor is bounded by now.
        let of_one = channels * contents;
        if of_one > MESSAGES_OF_ONE_MAX {
            let message = format!("{of_one} messages of each are more than the {MESSAGES_OF_ONE_MAX} of one request");
            return Err(Problem::bad_request(message));
        }
        let messages = channels * users * contents;
        if messages > MESSAGES_MAX {
            let message = format!("{messages} messages are more than the {MESSAGES_MAX} that one request makes");
            return Err(Problem::bad_request(message));
        }
        Ok(())
    }
}

/// `POST /mock/channel`: the caller's channels; the same people are met in each of them, and again the next time.
#[utoipa::path(post, path = "/mock/channel", tag = "trial", params(Amounts), responses(
    (status = 200, body = Vec<Listed>), Refused
))]
async fn make(
    State(app): State<Arc<App>>,
    address: ClientAddress,
    Caller(caller): Caller,
    InQuery(amounts): InQuery<Amounts>,
) -> Result<Json<Vec<Listed>>, Problem> {
    app.require_trial("mock data")?;
    amounts.check()?;
    let made_up = MadeUp::new(amounts.seed.into());
    let mut cast = Cast::of(&caller, made_up);
    let made = cast.play(&app, &amounts, address).await;
    // Whatever came of it: a login is worth as much as its owner's password.
    let dismissed = cast.dismiss(&app).await;
    let made = made?;
    dismissed?;
    Ok(Json(made))
}

/// Who is in the channels: the caller first.
struct Cast {
    made_up: MadeUp,
    founder: UserId,
    others: Vec<UserId>,
    /// What they call each other.
    names: Vec<String>,
    agents: Vec<Arc<Agent>>,
    logins: Vec<u64>,
}

impl Cast {
    fn of(caller: &Identity, made_up: MadeUp) -> Self {
        let (founder, names) = (caller.user, vec![caller.name.clone()]);
        Self { made_up, founder, others: Vec::new(), names, agents: Vec::new(), logins: Vec::new() }
    }

    async fn play(
        &mut self,
        app: &Arc<App>,
        amounts: &Amounts,
        address: ClientAddress,
    ) -> Result<Vec<Listed>, Problem> {
        self.gather(app, amounts.how_many_user_in_channel, address).await?;
        let mut made = Vec::new();
        for channel in 0..amounts.how_many_channel {
            let room = self.found(app, channel, amounts.is_private).await?;
            self.talk(&room, channel, amounts.how_many_content_per_user).await?;
            made.push(room.into());
        }
        Ok(made)
    }

    async fn gather(&mut self, app: &Arc<App>, users: u32, address: ClientAddress) -> Result<(), Problem> {
        let accounts = app.persistence.accounts();
        self.enlist(app, accounts.logins().issue(self.founder).await?, address).await?;
        for nth in 1..users {
            let person = self.made_up.person(nth);
            let user = account(accounts, &person).await?;
            self.others.push(user);
            self.names.push(person.given.to_owned());
            self.enlist(app, accounts.logins().issue(user).await?, address).await?;
        }
        Ok(())
    }

    async fn enlist(&mut self, app: &Arc<App>, login: Login, address: ClientAddress) -> Result<(), Problem> {
        let Login { token, login, user, expires_at_ms } = login;
        self.logins.push(login);
        let identity = Identity { user: user.id, login, email: user.email, name: user.name, expires_at_ms };
        self.agents.push(app.agents.get(app, &identity, token, address).await?);
        Ok(())
    }

    /// A channel with all of them in it.
    async fn found(&self, app: &App, channel: u32, private: bool) -> Result<Room, Problem> {
        let rooms = app.persistence.accounts().rooms();
        let (name, about) = self.made_up.room(channel);
        let mut description = about.to_owned();
        if private {
            let _ = write!(description, " (비밀번호: {PASSWORD})");
        }
        let new = NewRoom { name, description, private, password: PASSWORD.to_owned() };
        let room = rooms.create(self.founder, new).await?;
        let mut changes = Vec::with_capacity(self.others.len());
        for &user in &self.others {
            changes.push(rooms.add(self.founder, room.id, user).await?);
        }
        settle_all(app, changes).await;
        Ok(rooms.get(room.id).await?)
    }

    /// All say what they have to say, one after the other.
    async fn talk(&self, room: &Room, channel: u32, each: u32) -> Result<(), Problem> {
        let mut before = MessageId::ZERO;
        for said in self.made_up.talk(channel, self.names.clone(), each) {
            let quoted = if said.is_reply { before } else { MessageId::ZERO };
            let kind = if said.is_reply { Kind::Reply } else { Kind::Talk };
            before = loop {
                let sent = self.agents[said.speaker].send(room.id, kind, &said.text, quoted).await;
                // Who says much is held to everybody's rate.
                match sent.as_ref().err().and_then(Problem::too_soon) {
                    Some(pause) => sleep(pause.max(PAUSE_MIN)).await,
                    None => break sent?,
                }
            };
        }
        Ok(())
    }

    /// Their logins were for this alone.
    async fn dismiss(self, app: &App) -> Result<(), Problem> {
        for login in self.logins {
            app.persistence.accounts().logins().log_out(login).await?;
        }
        Ok(())
    }
}

/// The account of a made-up person, there already or made now. Nobody knows its password.
async fn account(accounts: &Accounts, person: &Person) -> Result<UserId, Problem> {
    match accounts.users().by_email(&person.email).await {
        Err(Error::NoSuchUser(_)) => {}
        found => return Ok(found?.id),
    }
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).map_err(|error| Problem::internal(&error))?;
    let password = bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    let sign_up = SignUp { email: person.email.clone(), username: person.name.clone(), password };
    match accounts.users().sign_up(sign_up).await {
        // Another request made it meanwhile.
        Err(Error::EmailTaken) => Ok(accounts.users().by_email(&person.email).await?.id),
        made => Ok(made?.id),
    }
}
