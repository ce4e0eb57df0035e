//! One provider: where it sends people, and what it says of who came back.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use moim_persistence::{ExternalAccount, ExternalSignUp};
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdToken, CoreIdTokenClaims, CoreProviderMetadata,
    CoreUserInfoClaims,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret,
    CsrfToken, EndUserName, EndUserUsername, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, IssuerUrl,
    LocalizedClaim, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError,
    Scope, TokenResponse,
};
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::flow::Flow;
use super::refusal::Refusal;
use super::{OauthProvider, http};
use crate::config::Config;
use crate::error::Error;

/// For so long a provider's description and keys are taken to hold.
const KNOWN_FOR: Duration = Duration::from_secs(10 * 60);
/// For so long one that could not be asked is not asked again.
const FAILED_FOR: Duration = Duration::from_secs(3);
/// Between two times that a signature makes it ask for new keys.
const NEW_KEYS_EVERY: Duration = Duration::from_secs(30);
/// Logins that talk to it at once. One more is refused at once; see `oauth_busy`.
const AT_ONCE_MAX: usize = 32;

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// A provider and what is known of it.
pub(crate) struct Provider {
    settings: OauthProvider,
    issuer: IssuerUrl,
    /// Where it sends people back to.
    redirect: RedirectUrl,
    http: reqwest::Client,
    /// For each of the steps below.
    timeout: Duration,
    /// Locked while it is asked for: one asks, and the others wait for what comes.
    known: Mutex<Known>,
    talking: Semaphore,
}

/// What is known of a provider: asked for at the first login, and then when it is old.
#[derive(Default)]
struct Known {
    client: Option<(Instant, Arc<Client>)>,
    failed: Option<(Instant, String)>,
    new_keys_at: Option<Instant>,
}

/// Whom a provider vouches for.
pub(crate) struct Vouched {
    pub(crate) account: ExternalAccount,
    /// What it says of somebody, where it says it at once; verified alone.
    email: Option<String>,
    names: Vec<String>,
    access_token: AccessToken,
    client: Arc<Client>,
}

impl Provider {
    pub(super) fn new(settings: &OauthProvider, config: &Config, http: reqwest::Client) -> Result<Self, Error> {
        let wrong = |error: &dyn std::fmt::Display| Error::Oauth(format!("provider {}: {error}", settings.id));
        let issuer = IssuerUrl::new(settings.issuer.clone()).map_err(|error| wrong(&error))?;
        let callback = format!("{}/api/v1/oauth/{}/callback", config.public_url.trim_end_matches('/'), settings.id);
        let redirect = RedirectUrl::new(callback).map_err(|error| wrong(&error))?;
        let timeout = config.limits.provider_timeout;
        let talking = Semaphore::new(AT_ONCE_MAX);
        Ok(Self { settings: settings.clone(), issuer, redirect, http, timeout, known: Mutex::default(), talking })
    }

    pub(crate) fn id(&self) -> &str {
        &self.settings.id
    }

    pub(crate) fn name(&self) -> &str {
        &self.settings.name
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// The right to talk to it.
    pub(crate) fn turn(&self) -> Result<SemaphorePermit<'_>, Refusal> {
        self.talking.try_acquire().map_err(|_| Refusal::Busy)
    }

    /// Where to send somebody who wants to log in, and what the browser keeps meanwhile.
    pub(crate) async fn begin(&self) -> Result<(String, Flow), Refusal> {
        let client = self.in_time(self.client()).await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let (url, state, nonce) = client
            .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
            .add_scopes(["email", "profile"].map(|scope| Scope::new(scope.to_owned())))
            .set_pkce_challenge(challenge)
            .url();
        Ok((url.into(), Flow::new(self.id(), state, nonce, verifier)))
    }

    /// Takes the code of somebody who came back to what the provider says of him.
    pub(crate) async fn vouch(&self, flow: Flow, code: String) -> Result<Vouched, Refusal> {
        let vouched = self.in_time(self.exchange(flow.nonce, flow.verifier, code)).await;
        vouched.inspect_err(|refusal| {
            // What an operator can do something about. A code anybody can make up.
            if !matches!(refusal, Refusal::Code(_)) {
                tracing::warn!(provider = self.id(), %refusal, "a provider of logins has not vouched for somebody");
            }
        })
    }

    async fn exchange(&self, nonce: Nonce, verifier: PkceCodeVerifier, code: String) -> Result<Vouched, Refusal> {
        let client = self.client().await?;
        let request = client.exchange_code(AuthorizationCode::new(code)).map_err(|error| unreachable(&error))?;
        let tokens = request.set_pkce_verifier(verifier).request_async(&self.asking()).await;
        let tokens = tokens.map_err(|error| match error {
            RequestTokenError::ServerResponse(answer) => Refusal::Code(answer.to_string()),
            other => unreachable(&other),
        })?;
        let id_token = tokens.id_token().ok_or_else(|| Refusal::Untrue("there is no ID token".to_owned()))?;
        let (client, claims) = match verified(&client, id_token, &nonce) {
            // Its keys may have changed, under new names or the old ones.
            Err(ClaimsVerificationError::SignatureVerification(_)) => {
                let client = self.client_of_new_keys().await?;
                let claims = verified(&client, id_token, &nonce).map_err(|error| untrue(&error))?;
                (client, claims)
            }
            claims => (client.clone(), claims.map_err(|error| untrue(&error))?),
        };
        check_access_token(&client, id_token, &claims, tokens.access_token())?;
        let account = ExternalAccount { issuer: self.settings.issuer.clone(), subject: claims.subject().to_string() };
        let email = claims.email().filter(|_| claims.email_verified() == Some(true)).map(|email| email.to_string());
        let names = names(claims.name(), claims.preferred_username()).collect();
        Ok(Vouched { account, email, names, access_token: tokens.access_token().clone(), client })
    }

    /// What an account is made of for somebody who has none here. A provider that keeps the address out of its ID tokens
    /// is asked for it.
    pub(crate) async fn introduce(&self, vouched: Vouched) -> Result<ExternalSignUp, Refusal> {
        let Vouched { account, email, names: mut known, access_token, client } = vouched;
        let subject = openidconnect::SubjectIdentifier::new(account.subject.clone());
        let email = match (email, client.user_info(access_token, Some(subject))) {
            (None, Ok(request)) => {
                let http = self.asking();
                let asked = async { request.request_async(&http).await.map_err(|error| untrue(&error)) };
                let claims: CoreUserInfoClaims = self.in_time(asked).await?;
                known.extend(names(claims.name(), claims.preferred_username()));
                claims.email().filter(|_| claims.email_verified() == Some(true)).map(|email| email.to_string())
            }
            (email, _) => email,
        };
        let email = email.ok_or(Refusal::NoVerifiedEmail)?;
        known.extend(email.split('@').next().map(str::to_owned));
        Ok(ExternalSignUp { account, email, names: known })
    }

    /// What is known of the provider, asked for where that is old.
    async fn client(&self) -> Result<Arc<Client>, Refusal> {
        let mut known = self.known.lock().await;
        match &*known {
            Known { client: Some((since, client)), .. } if since.elapsed() < KNOWN_FOR => Ok(client.clone()),
            Known { failed: Some((since, told)), .. } if since.elapsed() < FAILED_FOR => {
                Err(Refusal::Unreachable(told.clone()))
            }
            _ => self.ask_into(&mut known).await,
        }
    }

    /// The same with the provider's keys of now, as far as it may be asked for them.
    async fn client_of_new_keys(&self) -> Result<Arc<Client>, Refusal> {
        let mut known = self.known.lock().await;
        match &*known {
            Known { new_keys_at: Some(at), client: Some((_, client)), .. } if at.elapsed() < NEW_KEYS_EVERY => {
                Ok(client.clone())
            }
            _ => {
                known.new_keys_at = Some(Instant::now());
                self.ask_into(&mut known).await
            }
        }
    }

    /// Within half of a step's time, so that those who wait learn how it ended within theirs.
    async fn ask_into(&self, known: &mut Known) -> Result<Arc<Client>, Refusal> {
        let found = timeout(self.timeout / 2, self.discover()).await.unwrap_or(Err(Refusal::Slow));
        match &found {
            Ok(client) => (known.client, known.failed) = (Some((Instant::now(), client.clone())), None),
            Err(refusal) => {
                tracing::warn!(provider = self.id(), %refusal, "a provider of logins does not describe itself");
                known.failed = Some((Instant::now(), refusal.to_string()));
            }
        }
        found
    }

    async fn discover(&self) -> Result<Arc<Client>, Refusal> {
        let found = CoreProviderMetadata::discover_async(self.issuer.clone(), &self.asking()).await;
        let metadata = found.map_err(|error| unreachable(&error))?;
        let methods = metadata.token_endpoint_auth_methods_supported().cloned().unwrap_or_default();
        let takes = |method| methods.contains(&method);
        let in_body = takes(CoreClientAuthMethod::ClientSecretPost) && !takes(CoreClientAuthMethod::ClientSecretBasic);
        let secret = self.settings.client_secret.clone().map(ClientSecret::new);
        let client =
            CoreClient::from_provider_metadata(metadata, ClientId::new(self.settings.client_id.clone()), secret)
                .set_auth_type(if in_body { AuthType::RequestBody } else { AuthType::BasicAuth })
                .set_redirect_uri(self.redirect.clone());
        Ok(Arc::new(client))
    }

    fn asking(&self) -> impl Fn(HttpRequest) -> http::Asked {
        let client = self.http.clone();
        move |request| Box::pin(http::ask(client.clone(), request))
    }

    async fn in_time<T>(&self, asked: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
        timeout(self.timeout, asked).await.unwrap_or(Err(Refusal::Slow))
    }
}

/// What somebody may be called, of the claims that say it.
fn names(
    name: Option<&LocalizedClaim<EndUserName>>,
    preferred: Option<&EndUserUsername>,
) -> impl Iterator<Item = String> {
    let name = name.and_then(|name| name.get(None)).map(|name| name.to_string());
    name.into_iter().chain(preferred.map(|name| name.to_string()))
}

/// What the token says, once signature, issuer, audience, time and nonce are right.
fn verified(client: &Client, token: &CoreIdToken, nonce: &Nonce) -> Result<CoreIdTokenClaims, ClaimsVerificationError> {
    token.claims(&client.id_token_verifier(), nonce).cloned()
}

/// Where the ID token names the access token that belongs to it, it is this one.
fn check_access_token(
    client: &Client,
    token: &CoreIdToken,
    claims: &CoreIdTokenClaims,
    access_token: &AccessToken,
) -> Result<(), Refusal> {
    let Some(expected) = claims.access_token_hash() else { return Ok(()) };
    let verifier = client.id_token_verifier();
    let (algorithm, key) = (token.signing_alg(), token.signing_key(&verifier));
    let algorithm = algorithm.map_err(|error| untrue(&error))?;
    let key = key.map_err(|error| untrue(&error))?;
    match AccessTokenHash::from_token(access_token, algorithm, key) {
        Ok(actual) if actual == *expected => Ok(()),
        _ => Err(Refusal::Untrue("the access token is not the ID token's".to_owned())),
    }
}

fn untrue(error: &dyn std::error::Error) -> Refusal {
    Refusal::Untrue(whole(error))
}

fn unreachable(error: &(dyn std::error::Error + 'static)) -> Refusal {
    Refusal::Unreachable(whole(error))
}

/// The error with what caused it: the libraries' own texts leave it out.
fn whole(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
