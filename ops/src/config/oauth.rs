//! Judges the providers of logins.

use std::fs;

use moim_bridge::OauthProvider;

use super::check::Problems;
use super::raw::{self, Raw};

const ID_CHARS_MAX: usize = 40;
const NAME_CHARS_MAX: usize = 40;

/// The providers, each whole; their secrets read from the files that are named.
pub(super) fn check(raw: &Raw, problems: &mut Problems) -> Vec<OauthProvider> {
    let url = &raw.bridge.public_url;
    if !url.is_empty() && !is_url(url) {
        problems.add("bridge.public_url", format!("is {url:?}; http:// or https:// and a host are needed"));
    }
    if url.is_empty() && !raw.oauth.is_empty() {
        problems.add("bridge.public_url", "is empty; providers of logins must be told where people are sent back to");
    }
    if !raw.oauth.is_empty() && is_url(url) {
        if !is_safe(url) {
            let told = format!("is {url:?}; with providers of logins it is https://, or http:// on this machine alone");
            problems.add("bridge.public_url", told);
        }
        if url.starts_with("https://") && !raw.bridge.secure_cookies {
            problems.add("bridge.secure_cookies", "is off; with providers of logins on https:// it must be on");
        }
    }
    raw.oauth.iter().map(|(id, provider)| judge(id, provider, problems)).collect()
}

fn judge(id: &str, provider: &raw::OauthProvider, problems: &mut Problems) -> OauthProvider {
    let mut wrong = |what: String| problems.add("oauth", format!("has the provider {id:?} whose {what}"));
    let plain = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '-';
    if id.is_empty() || id.len() > ID_CHARS_MAX || !id.chars().all(plain) {
        wrong(format!("id is not 1 to {ID_CHARS_MAX} small letters, digits and hyphens"));
    }
    if !(1..=NAME_CHARS_MAX).contains(&provider.name.chars().count()) {
        wrong(format!("name has {} characters; 1 to {NAME_CHARS_MAX} are needed", provider.name.chars().count()));
    }
    if !is_url(&provider.issuer) || !is_safe(&provider.issuer) {
        wrong(format!(
            "issuer is {:?}; https:// and a host are needed, http:// for this machine alone",
            provider.issuer
        ));
    }
    if provider.client_id.is_empty() {
        wrong("client_id is empty; the provider gives one where this server is registered with it".to_owned());
    }
    let client_secret = match (&*provider.client_secret, &*provider.client_secret_file) {
        ("", "") => None,
        (secret, "") => Some(secret.to_owned()),
        ("", file) => match fs::read_to_string(file) {
            Ok(secret) if !secret.trim().is_empty() => Some(secret.trim().to_owned()),
            Ok(_) => {
                wrong(format!("client_secret_file {file:?} is empty"));
                None
            }
            Err(error) => {
                wrong(format!("client_secret_file {file:?} cannot be read: {error}"));
                None
            }
        },
        _ => {
            wrong("client_secret is there twice; name it or its file".to_owned());
            None
        }
    };
    OauthProvider {
        id: id.to_owned(),
        name: provider.name.clone(),
        issuer: provider.issuer.clone(),
        client_id: provider.client_id.clone(),
        client_secret,
    }
}

fn host(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    rest.split('/').next().filter(|host| !host.is_empty())
}

fn is_url(url: &str) -> bool {
    host(url).is_some() && !url.contains(char::is_whitespace) && !url.contains(['?', '#', '@'])
}

/// Whoever sits on the way could be anybody's provider; on the way to oneself nobody does.
fn is_safe(url: &str) -> bool {
    let here = ["localhost", "127.0.0.1", "[::1]"];
    let is_here = |host: &str| here.iter().any(|here| host == *here || host.starts_with(&format!("{here}:")));
    url.starts_with("https://") || host(url).is_some_and(is_here)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(change: impl Fn(&mut Raw, &mut raw::OauthProvider)) -> String {
        let mut raw = Raw::default();
        (raw.bridge.public_url, raw.bridge.secure_cookies) = ("https://chat.example.org".into(), true);
        let (name, issuer) = ("네이버".to_owned(), "https://nid.example".to_owned());
        let mut provider = raw::OauthProvider { name, issuer, client_id: "moim".into(), ..Default::default() };
        change(&mut raw, &mut provider);
        raw.oauth.insert("naver".into(), provider);
        let problems = super::super::check(&raw).err().unwrap_or_default();
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_wrong_with_a_provider_is_told_with_its_id() {
        assert_eq!(told(|_, _| {}), "");
        assert_eq!(told(|_, provider| provider.issuer = "http://127.0.0.1:21100".into()), "");
        assert!(told(|_, provider| provider.issuer = "http://nid.example".into()).contains("\"naver\" whose issuer"));
        assert!(told(|_, provider| provider.issuer = "http://localhost.evil.example".into()).contains("issuer"));
        assert!(told(|_, provider| provider.name.clear()).contains("name has 0 characters"));
        assert!(told(|_, provider| provider.client_id.clear()).contains("client_id is empty"));
        assert!(told(|_, provider| provider.client_secret_file = "nowhere".into()).contains("cannot be read"));
        assert!(told(|raw, _| raw.bridge.public_url.clear()).contains("bridge.public_url is empty"));
        assert!(told(|raw, _| raw.bridge.public_url = "chat.example.org".into()).contains("a host are needed"));
        assert!(
            told(|raw, _| raw.bridge.public_url = "http://chat.example.org".into()).contains("on this machine alone")
        );
        assert_eq!(told(|raw, _| raw.bridge.public_url = "http://127.0.0.1:8080".into()), "");
        assert!(told(|raw, _| raw.bridge.secure_cookies = false).contains("it must be on"));
        let unnamable = |raw: &mut Raw, provider: &mut raw::OauthProvider| {
            raw.oauth.insert("my_own".into(), provider.clone());
        };
        assert!(told(unnamable).contains("\"my_own\" whose id"));
    }

    #[test]
    fn a_secret_may_be_in_a_file_of_its_own() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "hush\n").unwrap();
        let mut raw = Raw::default();
        (raw.bridge.public_url, raw.bridge.secure_cookies) = ("https://chat.example.org".into(), true);
        let provider = raw::OauthProvider {
            name: "N".into(),
            issuer: "https://nid.example".into(),
            client_id: "moim".into(),
            client_secret_file: file.path().display().to_string(),
            ..Default::default()
        };
        raw.oauth.insert("n".into(), provider);
        let config = super::super::check(&raw).unwrap();
        assert_eq!(config.bridge.oauth[0].client_secret.as_deref(), Some("hush"));
        assert!(!format!("{config:?}").contains("hush"));
    }
}
