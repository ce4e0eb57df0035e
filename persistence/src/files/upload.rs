//! The bytes of a file on their way in.

use bytes::Bytes;
use moim_wire::{RoomId, UserId};
use object_store::WriteMultipart;

use super::bytes_store::failed;
use super::{FileEntry, FileId, Files, NewFile};
use crate::error::Error;

/// Parts of an upload on their way at once, beside the one that is being gathered.
const PARTS_AT_ONCE: usize = 1;

/// An upload under way. Dropped before [`Upload::finish`] it is taken back.
pub struct Upload {
    files: Files,
    id: FileId,
    key: String,
    wanted: u64,
    reserved: u64,
    taken: u64,
    writer: Option<WriteMultipart>,
    /// A file, or taken back.
    is_over: bool,
}

impl Files {
    /// Begins an upload of `wanted` bytes at most, and of no more than [`Files::bytes_max`].
    ///
    /// # Errors
    /// [`Error::QuotaExceeded`], [`Error::Unavailable`].
    pub async fn begin(&self, user: UserId, wanted: u64) -> Result<Upload, Error> {
        let wanted = wanted.min(self.bytes_max());
        let begun = self.enter(user, wanted).await?;
        let store = &self.shared.files;
        match store.begin(&begun.key).await {
            Ok(writer) => Ok(Upload {
                files: self.clone(),
                id: begun.id,
                key: begun.key,
                wanted,
                reserved: begun.reserved,
                taken: 0,
                writer: Some(WriteMultipart::new_with_chunk_size(writer, store.part_bytes)),
                is_over: false,
            }),
            Err(error) => {
                take_back(self.clone(), begun.id, None).await;
                Err(error)
            }
        }
    }
}

impl Upload {
    /// Takes the next bytes in; waits while the store is slower.
    ///
    /// # Errors
    /// [`Error::FileTooLarge`], [`Error::QuotaExceeded`] with what was left before this upload, [`Error::StorageFull`],
    /// [`Error::Unavailable`].
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        self.taken += bytes.len() as u64;
        if self.taken > self.reserved {
            return Err(self.too_much());
        }
        let writer = self.writer.as_mut().ok_or_else(|| Error::Internal("the upload has ended".to_owned()))?;
        writer.wait_for_capacity(PARTS_AT_ONCE).await.map_err(|error| failed(&error))?;
        writer.put(bytes);
        Ok(())
    }

    /// More came than was reserved: than the user had left, or than a file may have.
    fn too_much(&self) -> Error {
        if self.reserved < self.wanted {
            return Error::QuotaExceeded { left: self.reserved, quota: self.files.shared.files.user_bytes_max };
        }
        Error::FileTooLarge { bytes_max: self.files.bytes_max() }
    }

    /// Makes a file of it: durable, and to be shown.
    ///
    /// # Errors
    /// As [`Upload::write`]; the upload is taken back then.
    pub async fn finish(mut self, room: RoomId, new: NewFile) -> Result<FileEntry, Error> {
        // Dropped before it is through, or failed, it is taken back.
        self.try_finish(room, &new).await?;
        let file = self.files.get(self.id).await;
        self.is_over = true;
        file
    }

    async fn try_finish(&mut self, room: RoomId, new: &NewFile) -> Result<(), Error> {
        let writer = self.writer.take().ok_or_else(|| Error::Internal("the upload has ended".to_owned()))?;
        writer.finish().await.map_err(|error| failed(&error))?;
        self.files.shared.files.sync(&self.key).await?;
        match self.files.entered(self.id, room, self.taken, new.clone()).await? {
            true => Ok(()),
            false => Err(Error::Unavailable("the upload took so long that it was given up".to_owned())),
        }
    }
}

impl Drop for Upload {
    /// Whoever sent the bytes is gone, or too many came.
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        // Where nothing runs any more the cleaning finds what is left.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(take_back(self.files.clone(), self.id, self.writer.take()));
        }
    }
}

async fn take_back(files: Files, id: FileId, writer: Option<WriteMultipart>) {
    if let Some(writer) = writer
        && let Err(error) = writer.abort().await
    {
        tracing::debug!(file = id.0, %error, "an upload's bytes go later");
    }
    if let Err(error) = files.remove(id).await {
        tracing::warn!(file = id.0, %error, "an upload is taken back later");
    }
}
