//! Bytes that are read from where they lie.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use bytes::Bytes;

/// A file, or an image of one in memory.
#[derive(Debug)]
pub(super) enum Source {
    /// On disk.
    File(File),
    /// In memory.
    Image(Bytes),
}

impl Source {
    /// `length` bytes from `at` on.
    ///
    /// # Errors
    /// The system's; `UnexpectedEof` where there are not as many.
    pub(super) fn read(&self, at: u64, length: usize) -> io::Result<Bytes> {
        match self {
            Self::File(file) => {
                let mut bytes = vec![0; length];
                file.read_exact_at(&mut bytes, at)?;
                Ok(bytes.into())
            }
            Self::Image(image) => {
                let at = usize::try_from(at).unwrap_or(usize::MAX);
                let end = at.checked_add(length).filter(|&end| end <= image.len());
                end.map(|end| image.slice(at..end)).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
            }
        }
    }
}
