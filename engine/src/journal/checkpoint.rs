//! The checkpoint: the position up to which the message store has everything, so that the journal may let go.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::error::Error;

const NAME: &str = "checkpoint";
/// The file that the next checkpoint is written to.
const NEXT: &str = "checkpoint.new";

/// The position in `folder`'s checkpoint; 0 where there is none.
///
/// # Errors
/// [`Error::File`] when it cannot be read, [`Error::Damaged`] when it does not check.
pub fn read(folder: &Path) -> Result<u64, Error> {
    let path = folder.join(NAME);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(source) => return Err(Error::File { path, source }),
    };
    let damaged = || Error::Damaged { path: path.clone(), offset: 0, what: "the checkpoint does not check".into() };
    let (position, checksum) = bytes.split_first_chunk::<8>().ok_or_else(damaged)?;
    if checksum != crc32c::crc32c(position).to_le_bytes() {
        return Err(damaged());
    }
    Ok(u64::from_le_bytes(*position))
}

/// Puts `position` in place of the former checkpoint, durably: the one or the other is there after a crash. The former
/// one's file is kept to be written next, so that all but the first succeed on a full disk, too.
///
/// # Errors
/// [`Error::File`].
pub fn write(folder: &Path, position: u64) -> Result<(), Error> {
    let path = folder.join(NEXT);
    let place = || -> std::io::Result<()> {
        write_file(&path, position)?;
        if renameat_with(CWD, &path, CWD, folder.join(NAME), RenameFlags::EXCHANGE).is_err() {
            // There is none yet, or the file system cannot exchange.
            fs::rename(&path, folder.join(NAME))?;
            write_file(&path, position)?;
        }
        File::open(folder)?.sync_all()
    };
    place().map_err(|source| Error::File { path: path.clone(), source })
}

/// Writes over what is there.
fn write_file(path: &Path, position: u64) -> std::io::Result<()> {
    let position = position.to_le_bytes();
    let mut file = File::options().create(true).truncate(false).write(true).open(path)?;
    file.write_all(&position)?;
    file.write_all(&crc32c::crc32c(&position).to_le_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_reads_back_and_a_damaged_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()).unwrap(), 0);
        write(folder.path(), 42).unwrap();
        write(folder.path(), 43).unwrap();
        assert_eq!(read(folder.path()).unwrap(), 43);
        fs::write(folder.path().join(NAME), [1; 12]).unwrap();
        assert!(matches!(read(folder.path()), Err(Error::Damaged { .. })));
    }
}
