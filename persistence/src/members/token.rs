//! Session tokens: JWTs signed with a secret of this server.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use moim_wire::UserId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::config::Config;
use crate::error::Error;

const SECRET_BYTES: usize = 32;

/// What a token says. `sub` is the user id; times are Unix seconds.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Claims {
    pub(super) sub: String,
    pub(super) email: String,
    pub(super) nickname: String,
    pub(super) iat: u64,
    pub(super) exp: u64,
    pub(super) login: u64,
}

/// Signs and reads tokens.
pub(super) struct Tokens {
    signing: EncodingKey,
    reading: DecodingKey,
    validation: Validation,
    secret: [u8; SECRET_BYTES],
    /// Life of a token in milliseconds.
    pub(super) life_ms: u64,
}

impl Tokens {
    /// Reads the secret of the data folder, or makes one: 32 random bytes, readable by the owner alone.
    pub(super) fn open(config: &Config) -> Result<Self, Error> {
        let path = config.data.join("token.secret");
        let secret = secret(&path).map_err(|source| Error::File { path, source })?;
        let mut validation = Validation::new(Algorithm::HS256);
        // Expiry is checked against the login's row, to the millisecond and without leeway.
        validation.validate_exp = false;
        Ok(Self {
            signing: EncodingKey::from_secret(&secret),
            reading: DecodingKey::from_secret(&secret),
            validation,
            secret,
            life_ms: config.login_ms,
        })
    }

    pub(super) fn sign(&self, claims: &Claims) -> Result<String, Error> {
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &self.signing);
        token.map_err(|error| Error::Internal(format!("signing a token: {error}")))
    }

    /// A key that tells nothing of the secret, nor of other purposes' keys.
    pub(super) fn key_for(&self, purpose: &str) -> [u8; 32] {
        Sha256::new().chain_update(self.secret).chain_update(purpose).finalize().into()
    }

    /// The claims of a token that this server signed, expired or not, and the user they name.
    pub(super) fn read(&self, token: &str) -> Result<(UserId, Claims), Error> {
        let data = jsonwebtoken::decode::<Claims>(token, &self.reading, &self.validation);
        let claims = data.map_err(|_| Error::TokenInvalid)?.claims;
        let user = claims.sub.parse().map_err(|_| Error::TokenInvalid)?;
        Ok((user, claims))
    }
}

fn secret(path: &Path) -> std::io::Result<[u8; SECRET_BYTES]> {
    match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            create_secret(path)?;
            whole_secret(&fs::read(path)?)
        }
        bytes => whole_secret(&bytes?),
    }
}

fn whole_secret(bytes: &[u8]) -> std::io::Result<[u8; SECRET_BYTES]> {
    bytes.try_into().map_err(|_| {
        let text =
            format!("holds {} bytes instead of {SECRET_BYTES}; restore it, or delete it to end all", bytes.len());
        std::io::Error::new(ErrorKind::InvalidData, text + " logins")
    })
}

/// Makes the secret whole before it has its name: of two processes that begin together the first one's is taken.
fn create_secret(path: &Path) -> std::io::Result<()> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    let begun = path.with_extension(format!("secret.{}", std::process::id()));
    let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&begun)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    let named = match fs::hard_link(&begun, path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        named => named,
    };
    fs::remove_file(&begun)?;
    named
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn claims() -> Claims {
        let (email, nickname) = ("a@b".to_owned(), "a".to_owned());
        Claims { sub: "7".to_owned(), email, nickname, iat: 1, exp: 2, login: 9 }
    }

    #[test]
    fn a_token_outlives_a_restart_and_no_other_server_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let other_folder = tempfile::tempdir().unwrap();
        let config = Config::new(folder.path());
        let token = Tokens::open(&config).unwrap().sign(&claims()).unwrap();
        let (user, read) = Tokens::open(&config).unwrap().read(&token).unwrap();
        assert_eq!((user, read.login), (UserId(7), 9));
        let key = |folder: &Path| Tokens::open(&Config::new(folder)).unwrap().key_for("a purpose");
        assert_eq!(key(folder.path()), key(folder.path()));
        assert_ne!(key(folder.path()), key(other_folder.path()));
        let other = Tokens::open(&Config::new(other_folder.path())).unwrap();
        assert!(matches!(other.read(&token), Err(Error::TokenInvalid)));
    }

    #[test]
    fn the_secret_is_the_owners_alone_and_a_damaged_one_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config::new(folder.path());
        Tokens::open(&config).unwrap();
        let path = folder.path().join("token.secret");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        fs::write(&path, b"short").unwrap();
        let error = Tokens::open(&config).err().unwrap().to_string();
        assert!(error.contains("token.secret") && error.contains("5 bytes"), "{error}");
    }

    #[test]
    fn a_token_of_no_signature_or_another_algorithm_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Tokens::open(&Config::new(folder.path())).unwrap();
        let token = tokens.sign(&claims()).unwrap();
        let body = token.split('.').nth(1).unwrap();
        let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}.");
        let other = jsonwebtoken::encode(&Header::new(Algorithm::HS512), &claims(), &tokens.signing).unwrap();
        for wrong in ["", "x.y.z", unsigned.as_str(), other.as_str(), &token[..token.len() - 2]] {
            assert!(matches!(tokens.read(wrong), Err(Error::TokenInvalid)), "{wrong}");
        }
    }
}
