//! The secret that bridges show the engine, kept in the data folder when the configuration has none.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

const FILE: &str = "trunk.secret";
const BYTES: usize = 32;

/// The data folder's secret, drawn at the first call. Only the folder's owner can read the file.
pub(crate) fn read_or_draw(data: &Path) -> io::Result<String> {
    match read(data) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => draw(data),
        other => other,
    }
}

/// The data folder's secret.
pub(crate) fn read(data: &Path) -> io::Result<String> {
    let path = data.join(FILE);
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let secret = fs::read_to_string(&path).map_err(named)?.trim().to_owned();
    if secret.is_empty() {
        return Err(named(io::Error::new(io::ErrorKind::InvalidData, "is empty; remove it to have a new one drawn")));
    }
    Ok(secret)
}

fn draw(data: &Path) -> io::Result<String> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    let mut secret = String::with_capacity(2 * BYTES);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(secret, "{byte:02x}");
    }
    fs::create_dir_all(data)?;
    // Under another name first: whoever starts meanwhile must not read half of it.
    let unfinished = data.join(format!("{FILE}.new"));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(secret.as_bytes())?;
    file.sync_all()?;
    fs::rename(unfinished, data.join(FILE))?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_secret_is_drawn_once_and_is_the_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let drawn = read_or_draw(folder.path()).unwrap();
        assert_eq!(drawn.len(), 2 * BYTES);
        assert_eq!(read_or_draw(folder.path()).unwrap(), drawn);
        let mode = fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn an_empty_secret_is_refused_rather_than_used() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), "\n").unwrap();
        assert!(read_or_draw(folder.path()).is_err());
    }
}
