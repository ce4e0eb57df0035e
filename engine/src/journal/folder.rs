//! Files of a shard's journal: `segment-N` in use, `spare-N` written beforehand.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::format::{BLOCK_BYTES, SegmentHeader};
use crate::error::Error;

/// A segment's path.
pub(super) fn segment_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("segment-{number:010}"))
}

/// The path of a segment's index.
pub(super) fn index_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("index-{number:010}"))
}

/// Numbers of the files whose names begin so, rising.
pub(super) fn numbers(folder: &Path, prefix: &str) -> Result<Vec<u64>, Error> {
    let fault = |source| Error::File { path: folder.to_owned(), source };
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder).map_err(fault)? {
        let name = entry.map_err(fault)?.file_name();
        numbers.extend(name.to_str().and_then(|name| name.strip_prefix(prefix)).and_then(|n| n.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Folders of shards below `journal`, with the shards' numbers.
pub(crate) fn shard_folders(journal: &Path) -> Result<Vec<(u16, PathBuf)>, Error> {
    let numbers = numbers(journal, "shard-")?;
    Ok(numbers.into_iter().filter_map(|n| u16::try_from(n).ok()).map(|n| (n, shard_folder(journal, n))).collect())
}

/// The folder of a shard's journal.
pub(crate) fn shard_folder(journal: &Path, shard: u16) -> PathBuf {
    journal.join(format!("shard-{shard}"))
}

/// Puts a spare file of `bytes` into the folder: one that a retired segment left, or a new one, written to the end.
pub(super) fn prepare_spare(folder: &Path, bytes: u64) -> Result<PathBuf, Error> {
    let path = folder.join("spare-0");
    let place = || -> std::io::Result<()> {
        if fs::metadata(&path).is_ok_and(|file| file.len() == bytes) {
            return Ok(());
        }
        let unfinished = folder.join("spare.new");
        let mut file = File::create(&unfinished)?;
        let zeros = vec![0; 256 * BLOCK_BYTES];
        let mut left = bytes;
        while left > 0 {
            let piece = left.min(zeros.len() as u64);
            file.write_all(&zeros[..piece as usize])?;
            left -= piece;
        }
        file.sync_all()?;
        fs::rename(&unfinished, &path)
    };
    place().map_err(|source| {
        // A half-written file would keep a full disk full.
        let _ = fs::remove_file(folder.join("spare.new"));
        Error::File { path: path.clone(), source }
    })?;
    Ok(path)
}

/// Number of the segment that the spare file was before; batches of it may still lie there.
pub(super) fn spare_number(folder: &Path) -> Option<u64> {
    let mut head = [0; BLOCK_BYTES];
    File::open(folder.join("spare-0")).and_then(|mut file| file.read_exact(&mut head)).ok()?;
    SegmentHeader::decode(&head).map(|header| header.number)
}

/// Makes the spare file the segment of that header, durably.
pub(super) fn activate(folder: &Path, spare: &Path, header: &SegmentHeader) -> Result<PathBuf, Error> {
    let path = segment_path(folder, header.number);
    let place = || -> std::io::Result<()> {
        let mut file = File::options().write(true).open(spare)?;
        file.write_all(&header.encode())?;
        file.sync_all()?;
        fs::rename(spare, &path)?;
        File::open(folder)?.sync_all()
    };
    place().map_err(|source| Error::File { path: path.clone(), source })?;
    Ok(path)
}

/// Gives up a segment and its index, if that is not done yet. The segment becomes the spare where there is none and
/// nobody reads it: the next tenant writes over it.
pub(super) fn retire(folder: &Path, number: u64, is_read: bool) -> Result<(), Error> {
    let path = segment_path(folder, number);
    let spare = folder.join("spare-0");
    let result = if is_read || spare.exists() { fs::remove_file(&path) } else { fs::rename(&path, &spare) };
    gone(&path, result)?;
    let index = index_path(folder, number);
    gone(&index, fs::remove_file(&index))
}

/// Removes indexes whose segments are gone.
pub(crate) fn remove_stray_indexes(folder: &Path) -> Result<(), Error> {
    for number in numbers(folder, "index-")? {
        if !segment_path(folder, number).exists() {
            let index = index_path(folder, number);
            gone(&index, fs::remove_file(&index))?;
        }
    }
    Ok(())
}

/// What was not there is gone as well.
fn gone(path: &Path, result: std::io::Result<()>) -> Result<(), Error> {
    match result {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::File { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}
