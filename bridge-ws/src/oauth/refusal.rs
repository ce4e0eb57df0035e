//! Why somebody was not logged in by a provider.

use moim_persistence::Error;

/// Why; the page tells each in its own words.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// As many logins talk to providers as may.
    #[error("too many logins by providers at once")]
    Busy,
    /// It does not answer, or not as OpenID Connect has it.
    #[error("the provider does not answer as it should: {0}")]
    Unreachable(String),
    /// It did not answer in time.
    #[error("the provider took too long")]
    Slow,
    /// The person said no there, or the provider did.
    #[error("the provider did not let the login go on: {0}")]
    Denied(String),
    /// The browser's cookie is gone, or belongs to another login: it took too long, came twice or began elsewhere.
    #[error("the login is not one that this browser has begun and not ended")]
    Stale,
    /// The provider does not take the code: it is too old or was used before.
    #[error("the provider did not take its code back: {0}")]
    Code(String),
    /// What the provider says does not hold: signature, issuer, audience, time or nonce.
    #[error("what the provider says does not hold: {0}")]
    Untrue(String),
    /// Somebody new whose address the provider has not made sure of.
    #[error("the provider gives no e-mail address that it has verified")]
    NoVerifiedEmail,
    /// A store's.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Refusal {
    /// The name that the page knows it by.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Busy => "Busy",
            Self::Unreachable(_) => "Unreachable",
            Self::Slow => "Slow",
            Self::Denied(_) => "Denied",
            Self::Stale => "Stale",
            Self::Code(_) => "Code",
            Self::Untrue(_) => "Untrue",
            Self::NoVerifiedEmail => "NoVerifiedEmail",
            Self::Store(Error::EmailTaken) => "EmailTaken",
            Self::Store(Error::ExternalTaken) => "ExternalTaken",
            Self::Store(
                Error::TooManyAttempts { .. } | Error::Busy { .. } | Error::OutcomeUnknown(_) | Error::Unavailable(_),
            ) => "Busy",
            Self::Store(_) => "Failed",
        }
    }
}
