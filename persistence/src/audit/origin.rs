//! From where an action comes.

use std::net::IpAddr;

use crate::error::Error;

/// By which way an action comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// It was done before such lines were kept.
    Unknown = 0,
    /// The server does it by itself, when its time has come.
    Server = 1,
    /// An operator's command.
    Operator = 2,
    /// A request over HTTP, which the page makes as well.
    Rest = 3,
    /// A native client.
    Native = 4,
    /// A notice of the bank.
    Bank = 5,
}

impl Via {
    const ALL: [Self; 6] = [Self::Unknown, Self::Server, Self::Operator, Self::Rest, Self::Native, Self::Bank];

    /// Its name for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Server => "server",
            Self::Operator => "operator",
            Self::Rest => "rest",
            Self::Native => "native",
            Self::Bank => "bank",
        }
    }

    pub(super) fn of(stored: i64) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|via| *via as i64 == stored);
        found.ok_or_else(|| Error::Internal(format!("a way {stored}, which this binary does not know")))
    }
}

/// From where an action comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// By which way.
    pub via: Via,
    /// From which address; `None` where there is none to tell.
    pub address: Option<IpAddr>,
}

impl Origin {
    /// The server itself.
    pub const SERVER: Self = Self { via: Via::Server, address: None };
    /// An operator on the server's machine.
    pub const OPERATOR: Self = Self { via: Via::Operator, address: None };
}

/// The network of an address: as much of it as others may see.
pub(super) fn network_of(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}::/48")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_see_the_network_of_an_address() {
        for (address, network) in [
            ("203.0.113.77", "203.0.113.0/24"),
            ("::ffff:203.0.113.77", "203.0.113.0/24"),
            ("2001:db8:7:1::5", "2001:db8:7::/48"),
        ] {
            assert_eq!(network_of(address.parse().unwrap()), network);
        }
    }

    #[test]
    fn every_way_is_found_by_its_number() {
        for via in Via::ALL {
            assert_eq!(Via::of(via as i64).unwrap(), via);
        }
        assert!(matches!(Via::of(99), Err(Error::Internal(_))));
    }
}
