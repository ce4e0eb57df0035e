//! `scylla://user:password@host1,host2:9042/keyspace?dc=...`: where the CQL servers are and how they are to be used.

use std::time::Duration;

use percent_encoding::percent_decode_str;
use scylla::statement::Consistency;

use crate::address::StoreAddress;
use crate::error::Error;

const SCHEME: &str = "scylla://";
const PORT: u16 = 9042;
const KEYSPACE_CHARS_MAX: usize = 48;

/// An address taken apart.
#[derive(Clone)]
pub(super) struct Place {
    /// Each with its port.
    pub(super) hosts: Vec<String>,
    /// User and password.
    pub(super) login: Option<(String, String)>,
    pub(super) keyspace: String,
    /// The data centre whose nodes are used, and to which LOCAL_QUORUM is local.
    pub(super) dc: Option<String>,
    /// Copies of each row; for `moim store init`.
    pub(super) replication: Option<u32>,
    pub(super) consistency: Consistency,
    /// Messages are forgotten when so old; for `moim store init`.
    pub(super) ttl: Option<Duration>,
    /// Class of the compaction; for `moim store init`.
    pub(super) compaction: Option<&'static str>,
    pub(super) read_timeout: Duration,
    pub(super) write_timeout: Duration,
}

/// How a compaction is called in an address, and in CQL.
const COMPACTIONS: [(&str, &str); 4] = [
    ("size-tiered", "SizeTieredCompactionStrategy"),
    ("time-window", "TimeWindowCompactionStrategy"),
    ("leveled", "LeveledCompactionStrategy"),
    ("incremental", "IncrementalCompactionStrategy"),
];

const CONSISTENCIES: [(&str, Consistency); 5] = [
    ("one", Consistency::One),
    ("local_one", Consistency::LocalOne),
    ("quorum", Consistency::Quorum),
    ("local_quorum", Consistency::LocalQuorum),
    ("all", Consistency::All),
];

impl Place {
    /// Whether an address is of this kind.
    pub(super) fn is_meant(address: &StoreAddress) -> bool {
        address.reveal().starts_with(SCHEME)
    }

    /// Takes an address apart.
    pub(super) fn parse(address: &StoreAddress) -> Result<Self, Error> {
        Self::parts(address.reveal()).map_err(|reason| Error::Setting {
            setting: "messages",
            value: address.to_string(),
            reason,
        })
    }

    fn parts(address: &str) -> Result<Self, &'static str> {
        let rest = address.strip_prefix(SCHEME).ok_or("it begins with scylla://")?;
        // What follows the last @ is the place; a password may hold any sign.
        let (login, rest) = rest.rsplit_once('@').map_or((None, rest), |(login, rest)| (Some(login), rest));
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (hosts, keyspace) = rest.split_once('/').ok_or("a keyspace is needed: scylla://host/keyspace")?;
        let mut place = Self {
            hosts: hosts.split(',').map(with_port).collect::<Result<_, _>>()?,
            login: login.map(user_and_password).transpose()?,
            keyspace: plain_name(keyspace)?,
            dc: None,
            replication: None,
            consistency: Consistency::LocalQuorum,
            ttl: None,
            compaction: None,
            read_timeout: Duration::from_secs(5),
            write_timeout: Duration::from_secs(10),
        };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').ok_or("a parameter is written key=value")?;
            place.set(key, &decoded(value)?)?;
        }
        Ok(place)
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), &'static str> {
        match key {
            "dc" if value.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) && !value.is_empty() => {
                self.dc = Some(value.to_owned());
            }
            "dc" => return Err("dc is a data centre's name: letters, digits, - _ ."),
            "replication" => {
                let copies = value.parse().ok().filter(|copies| (1..=16).contains(copies));
                self.replication = Some(copies.ok_or("replication is a number of copies from 1 to 16")?);
            }
            "consistency" => {
                self.consistency =
                    named(&CONSISTENCIES, value).ok_or("consistency is one, local_one, quorum, local_quorum or all")?;
            }
            "ttl" => {
                let ttl = span(value).filter(|ttl| (1..=630_720_000).contains(&ttl.as_secs()));
                self.ttl = Some(ttl.ok_or("ttl is a time such as 90d, from 1s to 20 years")?);
            }
            "compaction" => {
                let compaction = named(&COMPACTIONS, value);
                self.compaction =
                    Some(compaction.ok_or("compaction is size-tiered, time-window, leveled or incremental")?);
            }
            "read_timeout" => self.read_timeout = timeout(value)?,
            "write_timeout" => self.write_timeout = timeout(value)?,
            _ => {
                return Err("known parameters are dc, replication, consistency, ttl, compaction, read_timeout and \
                            write_timeout");
            }
        }
        Ok(())
    }
}

fn named<T: Copy>(names: &[(&str, T)], value: &str) -> Option<T> {
    names.iter().find(|(name, _)| name.eq_ignore_ascii_case(value)).map(|(_, meant)| *meant)
}

fn with_port(host: &str) -> Result<String, &'static str> {
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) && !host.ends_with(']');
    match host {
        "" => Err("a host is needed: scylla://host1,host2/keyspace"),
        _ if has_port => Ok(host.to_owned()),
        _ => Ok(format!("{host}:{PORT}")),
    }
}

fn user_and_password(login: &str) -> Result<(String, String), &'static str> {
    let (user, password) =
        login.split_once(':').ok_or("a user has a password: scylla://user:password@host/keyspace")?;
    Ok((decoded(user)?, decoded(password)?))
}

fn decoded(text: &str) -> Result<String, &'static str> {
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| "what is written with % is no UTF-8")?;
    Ok(decoded.into_owned())
}

/// A keyspace that needs no quotes in CQL.
fn plain_name(name: &str) -> Result<String, &'static str> {
    let is_plain = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && name.len() <= KEYSPACE_CHARS_MAX;
    if is_plain { Ok(name.to_owned()) } else { Err("a keyspace is a-z, 0-9 and _, from a letter, at most 48 of them") }
}

fn timeout(value: &str) -> Result<Duration, &'static str> {
    let is_good = |timeout: &Duration| (100..=120_000).contains(&timeout.as_millis());
    span(value).filter(is_good).ok_or("a timeout is a time such as 500ms or 5s, from 100ms to 2m")
}

/// `500ms`, `5s`, `10m`, `12h`, `90d`.
fn span(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    Some(Duration::from_millis(number.parse::<u64>().ok()?.checked_mul(unit_ms)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart() {
        let address = "scylla://mo%40im:p@ss:w@db1,db2:9142,[::1]/chat_2?dc=seoul-1&replication=3&consistency=ONE\
                       &ttl=365d&compaction=time-window&read_timeout=500ms&write_timeout=2m";
        let place = Place::parse(&address.into()).ok().unwrap();
        assert_eq!(place.hosts, ["db1:9042", "db2:9142", "[::1]:9042"]);
        assert_eq!(place.login, Some(("mo@im".into(), "p@ss:w".into())));
        assert_eq!((place.keyspace.as_str(), place.dc.as_deref()), ("chat_2", Some("seoul-1")));
        assert_eq!((place.replication, place.consistency), (Some(3), Consistency::One));
        assert_eq!(place.ttl, Some(Duration::from_secs(365 * 86_400)));
        assert_eq!(place.compaction, Some("TimeWindowCompactionStrategy"));
        assert_eq!((place.read_timeout.as_millis(), place.write_timeout.as_secs()), (500, 120));
    }

    #[test]
    fn what_is_wrong_with_an_address_is_told_without_its_password() {
        for (address, about) in [
            ("scylla://host", "keyspace"),
            ("scylla:///moim", "host"),
            ("scylla://host/Moim", "a-z"),
            ("scylla://user@host/moim", "password"),
            ("scylla://host/moim?consistency=most", "local_quorum"),
            ("scylla://host/moim?replication=0", "copies"),
            ("scylla://host/moim?ttl=90", "90d"),
            ("scylla://host/moim?read_timeout=1h", "timeout"),
            ("scylla://host/moim?compaction=none", "size-tiered"),
            ("scylla://user:geheim@host/moim?colour=red", "known parameters"),
        ] {
            let error = Place::parse(&address.into()).err().unwrap().to_string();
            assert!(error.contains(about) && !error.contains("geheim"), "{address}: {error}");
        }
    }
}
