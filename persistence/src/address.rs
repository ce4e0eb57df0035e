//! Where a store is, as the operator writes it; shown without its password.

use std::fmt;

/// A back end's address such as `sqlite`, `sqlite:PATH` or `mysql://user:password@host:port/database`. Whatever prints
/// it, for people or for the debugger, prints `***` for the password.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreAddress(String);

impl StoreAddress {
    /// With the password.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<&str> for StoreAddress {
    fn from(address: &str) -> Self {
        Self(address.to_owned())
    }
}

impl From<String> for StoreAddress {
    fn from(address: String) -> Self {
        Self(address)
    }
}

impl fmt::Display for StoreAddress {
    /// A password may hold any sign, written as it should be or not: all up to the last `@` is taken for it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.0.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?)));
        match parts {
            Some((scheme, (login, place))) => {
                let user = login.split_once(':').map_or(login, |(user, _)| user);
                let password = if user.len() < login.len() { ":***" } else { "" };
                write!(f, "{scheme}://{user}{password}@{place}")
            }
            None => f.write_str(&self.0),
        }
    }
}

impl fmt::Debug for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        for (address, shown) in [
            ("mysql://moim:geheim@db:3306/moim?ssl-mode=REQUIRED", "mysql://moim:***@db:3306/moim?ssl-mode=REQUIRED"),
            ("mysql://moim:a@b/c:d@db/moim", "mysql://moim:***@db/moim"),
            ("mysql://moim@db/moim", "mysql://moim@db/moim"),
            ("mysql://:geheim@db/moim", "mysql://:***@db/moim"),
            ("sqlite:/srv/moim/a@b.sqlite", "sqlite:/srv/moim/a@b.sqlite"),
        ] {
            let address = StoreAddress::from(address);
            assert_eq!(address.to_string(), shown);
            assert_eq!(format!("{address:?}"), format!("{shown:?}"));
        }
    }
}
