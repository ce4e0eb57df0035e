//! Plans.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use moim_persistence::{AccountId, Amount, Day, Error, MemberTerms, NewPlan, PlanId, Repeat, Terms, Tier, UserId, Won};
use moim_wire::RoomId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::dues;
use crate::app::App;
use crate::problem::Problem;
use crate::rest::caller::{Caller, Money};
use crate::rest::input::{Body, InPath};
use crate::rest::openapi::Refused;
use crate::rest::wallet::request_key;

#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DuesAmountKind)]
enum AmountKind {
    /// `amount` of each member.
    Equal,
    /// Of each his own, and `amount` of those who have none.
    Own,
    /// By `tiers`.
    Tiers,
    /// `amount` is shared by all.
    Shared,
}

#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DuesRepeat)]
enum How {
    Once,
    Monthly,
    /// Every `weeks` weeks.
    Weekly,
}

#[derive(Deserialize, Serialize, ToSchema)]
#[schema(as = DuesTier)]
struct OneTier {
    name: String,
    /// Whole won.
    amount: i64,
}

/// What a plan says of one member.
#[derive(Deserialize, Serialize, ToSchema)]
#[schema(as = DuesMember)]
struct OneMember {
    user: u32,
    /// Whole won.
    #[serde(default)]
    amount: Option<i64>,
    /// From 0.
    #[serde(default)]
    tier: Option<u32>,
    /// Why nothing is asked.
    #[serde(default)]
    exempt: Option<String>,
}

/// What a plan asks.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DuesTerms)]
pub(super) struct Asked {
    title: String,
    amount_kind: AmountKind,
    /// Whole won; of tiers not looked at.
    #[serde(default)]
    amount: i64,
    #[serde(default)]
    tiers: Vec<OneTier>,
    #[serde(default)]
    members: Vec<OneMember>,
    /// `2026-12-05`, in Seoul.
    first_due: String,
    repeat: How,
    #[serde(default)]
    weeks: u32,
    /// How many days before it is due it is asked for.
    #[serde(default)]
    ask_days: u32,
    /// How many days after it a late fee is asked.
    #[serde(default)]
    grace_days: u32,
    /// Whole won.
    #[serde(default)]
    late_fee: i64,
    /// With the first plan: the group's wallet that is to keep the dues.
    #[serde(default)]
    fund: Option<u64>,
}

/// A plan.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DuesPlan)]
pub(super) struct Plan {
    id: u64,
    terms: Asked,
    /// The newest day that was asked for.
    last_due: Option<String>,
    /// The next one.
    next_due: Option<String>,
}

impl From<moim_persistence::Plan> for Plan {
    fn from(plan: moim_persistence::Plan) -> Self {
        let day = |day: Option<Day>| day.map(|day| day.to_string());
        let (last_due, next_due) = (day(plan.last_due), day(plan.next_due));
        Self { id: plan.id.0, terms: plan.terms.into(), last_due, next_due }
    }
}

impl From<Terms> for Asked {
    fn from(terms: Terms) -> Self {
        let (amount_kind, amount, tiers) = match terms.amount {
            Amount::Equal(won) => (AmountKind::Equal, won, Vec::new()),
            Amount::Own(won) => (AmountKind::Own, won, Vec::new()),
            Amount::Shared(won) => (AmountKind::Shared, won, Vec::new()),
            Amount::Tiers(tiers) => {
                let tier = |tier: Tier| OneTier { name: tier.name, amount: tier.amount.get() };
                (AmountKind::Tiers, Won::ZERO, tiers.into_iter().map(tier).collect())
            }
        };
        let (repeat, weeks) = match terms.repeat {
            Repeat::Once => (How::Once, 0),
            Repeat::Monthly => (How::Monthly, 0),
            Repeat::Weeks(weeks) => (How::Weekly, weeks),
        };
        let member = |(user, terms): (UserId, MemberTerms)| OneMember {
            user: user.0,
            amount: terms.amount.map(Won::get),
            tier: terms.tier.map(|tier| u32::try_from(tier).unwrap_or_default()),
            exempt: terms.exempt,
        };
        Self {
            title: terms.title,
            amount_kind,
            amount: amount.get(),
            tiers,
            members: terms.members.into_iter().map(member).collect(),
            first_due: terms.first_due.to_string(),
            repeat,
            weeks,
            ask_days: terms.ask_days,
            grace_days: terms.grace_days,
            late_fee: terms.late_fee.get(),
            fund: None,
        }
    }
}

fn won(field: &'static str, amount: i64) -> Result<Won, Error> {
    let reason = || format!("{amount} won are more than there can be");
    Won::new(amount).ok_or_else(|| Error::InvalidField { field, reason: reason() })
}

impl TryFrom<Asked> for Terms {
    type Error = Error;

    fn try_from(asked: Asked) -> Result<Self, Error> {
        let amount = match asked.amount_kind {
            AmountKind::Equal => Amount::Equal(won("amount", asked.amount)?),
            AmountKind::Own => Amount::Own(won("amount", asked.amount)?),
            AmountKind::Shared => Amount::Shared(won("amount", asked.amount)?),
            AmountKind::Tiers => {
                let tier = |tier: OneTier| Ok(Tier { name: tier.name, amount: won("tiers", tier.amount)? });
                Amount::Tiers(asked.tiers.into_iter().map(tier).collect::<Result<_, Error>>()?)
            }
        };
        let repeat = match asked.repeat {
            How::Once => Repeat::Once,
            How::Monthly => Repeat::Monthly,
            How::Weekly => Repeat::Weeks(asked.weeks),
        };
        let member = |member: OneMember| {
            let amount = member.amount.map(|amount| won("members", amount)).transpose()?;
            let tier = member.tier.map(|tier| tier as usize);
            Ok((UserId(member.user), MemberTerms { amount, tier, exempt: member.exempt }))
        };
        Ok(Self {
            title: asked.title,
            amount,
            members: asked.members.into_iter().map(member).collect::<Result<_, Error>>()?,
            first_due: asked.first_due.parse()?,
            repeat,
            ask_days: asked.ask_days,
            grace_days: asked.grace_days,
            late_fee: won("lateFee", asked.late_fee)?,
        })
    }
}

/// `POST /rooms/{room}/dues/plans`: by the treasurer. With an `Idempotency-Key` it is done once.
#[utoipa::path(post, path = "/rooms/{room}/dues/plans", tag = "dues", request_body = Asked, params(("room" = u32, Path, description = "The room"), ("Idempotency-Key" = Option<String>, Header, description = "By which the same request is known again")), responses((status = 201, body = Plan), Refused))]
pub(super) async fn open(
    Money(accounts): Money,
    Caller(caller): Caller,
    InPath(room): InPath<u32>,
    headers: HeaderMap,
    Body(asked): Body<Asked>,
) -> Result<(StatusCode, Json<Plan>), Problem> {
    let (key, fund) = (request_key(&headers)?, asked.fund.map(AccountId));
    let new = NewPlan { actor: caller.user, key, room: RoomId(room), terms: asked.try_into()?, fund };
    Ok((StatusCode::CREATED, Json(accounts.dues().open_plan(new).await?.into())))
}

/// `GET /rooms/{room}/dues/plans`: those that have not ended.
#[utoipa::path(get, path = "/rooms/{room}/dues/plans", tag = "dues", params(("room" = u32, Path, description = "The room")), responses((status = 200, body = Vec<Plan>), Refused))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    InPath(room): InPath<u32>,
) -> Result<Json<Vec<Plan>>, Problem> {
    let plans = dues(&app).plans(caller.user, RoomId(room)).await?;
    Ok(Json(plans.into_iter().map(Plan::from).collect()))
}

/// `PUT /rooms/{room}/dues/plans/{plan}`: from its next period on.
#[utoipa::path(put, path = "/rooms/{room}/dues/plans/{plan}", tag = "dues", request_body = Asked, params(("room" = u32, Path, description = "The room"), ("plan" = u64, Path, description = "The plan")), responses((status = 200, body = Plan), Refused))]
pub(super) async fn change(
    Money(accounts): Money,
    Caller(caller): Caller,
    InPath((room, plan)): InPath<(u32, u64)>,
    Body(asked): Body<Asked>,
) -> Result<Json<Plan>, Problem> {
    let terms = asked.try_into()?;
    Ok(Json(accounts.dues().change_plan(caller.user, RoomId(room), PlanId(plan), terms).await?.into()))
}

/// `DELETE /rooms/{room}/dues/plans/{plan}`: nothing more is asked by it; what was asked stays.
#[utoipa::path(delete, path = "/rooms/{room}/dues/plans/{plan}", tag = "dues", params(("room" = u32, Path, description = "The room"), ("plan" = u64, Path, description = "The plan")), responses((status = 204), Refused))]
pub(super) async fn end(
    Money(accounts): Money,
    Caller(caller): Caller,
    InPath((room, plan)): InPath<(u32, u64)>,
) -> Result<StatusCode, Problem> {
    accounts.dues().end_plan(caller.user, RoomId(room), PlanId(plan)).await?;
    Ok(StatusCode::NO_CONTENT)
}
