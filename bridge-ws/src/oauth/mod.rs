//! Logins by OpenID Connect: a provider says who somebody is, by the authorization code flow with PKCE, state and nonce.
//!
//! What a login needs between its two requests is in a cookie of the browser ([`Flow`]), not here: any bridge of an
//! installation can end what another began, and nobody fills a table by beginning. The cookie is signed, so that nobody
//! has a provider asked without having begun; and who has begun is limited by address.

mod flow;
mod http;
mod provider;
mod refusal;

use std::fmt;

use crate::clock::now_s;
use crate::config::Config;
use crate::error::Error;
pub(crate) use flow::{FLOW_MAX_S, Flow};
use moim_persistence::Accounts;
pub(crate) use provider::Provider;
pub(crate) use refusal::Refusal;

/// A provider, as it is configured.
#[derive(Clone, PartialEq, Eq)]
pub struct OauthProvider {
    /// In paths: small letters, digits and hyphens.
    pub id: String,
    /// On the page's button.
    pub name: String,
    /// As its tokens name it; its description is below, at `.well-known/openid-configuration`.
    pub issuer: String,
    /// What it calls this installation.
    pub client_id: String,
    /// What this installation shows it; `None` where it asks for none.
    pub client_secret: Option<String>,
}

impl fmt::Debug for OauthProvider {
    /// Leaves the secret out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OauthProvider").field("id", &self.id).field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// The configured providers.
pub(crate) struct Oauth {
    providers: Vec<Provider>,
    /// Signs what browsers keep.
    key: [u8; 32],
}

impl Oauth {
    pub(crate) fn new(config: &Config, accounts: &Accounts) -> Result<Self, Error> {
        let http = http::client().map_err(|error| Error::Oauth(error.to_string()))?;
        let provider = |settings| Provider::new(settings, config, http.clone());
        let providers = config.oauth.iter().map(provider).collect::<Result<_, _>>()?;
        Ok(Self { providers, key: accounts.logins().key_for("logins by a provider") })
    }

    pub(crate) fn providers(&self) -> &[Provider] {
        &self.providers
    }

    pub(crate) fn provider(&self, id: &str) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.id() == id)
    }

    /// What the browser keeps of a login that begins.
    pub(crate) fn cookie(&self, flow: &Flow) -> String {
        flow.cookie(&self.key, now_s())
    }

    /// What the browser has kept, where it is of this installation and in time.
    pub(crate) fn flow(&self, cookie: &str) -> Option<Flow> {
        Flow::parse(cookie, &self.key, now_s())
    }
}
