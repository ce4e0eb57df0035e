//! Where files' bytes are: a folder, or a bucket of an S3-compatible store.

use std::fmt;
use std::ops::Range;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::prefix::PrefixStore;
use object_store::{ClientOptions, MultipartUpload, ObjectStore, ObjectStoreExt as _, RetryConfig};
use percent_encoding::percent_decode_str;

use crate::address::StoreAddress;
use crate::config::Config;
use crate::error::Error;

pub(crate) const KNOWN: &str =
    "known are `file`, `file:FOLDER` and `s3://key:secret@bucket/prefix?endpoint=URL&region=NAME`";
/// Of one request to S3. Requests are small: pieces on the way out, parts on the way in.
const S3_TIMEOUT: Duration = Duration::from_secs(30);
/// A part of an upload to S3: the least that S3 takes, but for the last one.
const S3_PART_BYTES: usize = 5 * 1024 * 1024;
const FOLDER_PART_BYTES: usize = 1024 * 1024;

/// The bytes of all files, by key.
pub(crate) struct BytesStore {
    address: StoreAddress,
    store: Arc<dyn ObjectStore>,
    /// Where the store is a folder.
    folder: Option<PathBuf>,
    pub(super) part_bytes: usize,
    pub(crate) file_bytes_max: u64,
    pub(crate) user_bytes_max: u64,
}

impl fmt::Display for BytesStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}

impl BytesStore {
    /// Opens a folder, or says how to reach a bucket, which is not asked yet.
    pub(crate) fn open(config: &Config) -> Result<Self, Error> {
        let address = config.files.reveal();
        let (store, folder, part_bytes): (Arc<dyn ObjectStore>, _, _) =
            if let Some(rest) = address.strip_prefix("s3://") {
                (s3(config, rest)?, None, S3_PART_BYTES)
            } else {
                let folder = config.files_folder()?;
                let failed = |source| Error::File { path: folder.clone(), source };
                std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed)?;
                let store =
                    LocalFileSystem::new_with_prefix(&folder).map_err(|error| refused(config, error.to_string()))?;
                (Arc::new(store), Some(folder), FOLDER_PART_BYTES)
            };
        let (file_bytes_max, user_bytes_max) = (config.file_bytes_max, config.files_of_user_bytes_max);
        Ok(Self { address: config.files.clone(), store, folder, part_bytes, file_bytes_max, user_bytes_max })
    }

    pub(super) async fn begin(&self, key: &str) -> Result<Box<dyn MultipartUpload>, Error> {
        self.store.put_multipart(&path(key)).await.map_err(|error| failed(&error))
    }

    /// What was written under that key outlives a power cut from here on. A bucket has promised it already.
    pub(super) async fn sync(&self, key: &str) -> Result<(), Error> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let file = folder.join(path(key).as_ref());
        let sync = move || {
            let parents = file.ancestors().skip(1).take(2).map(Path::to_owned);
            std::iter::once(file.clone()).chain(parents).try_for_each(|path| {
                std::fs::File::open(&path)
                    .and_then(|opened| opened.sync_all())
                    .map_err(|source| Error::File { path, source })
            })
        };
        tokio::task::spawn_blocking(sync).await.map_err(crate::runtime::not_finished)?
    }

    /// `Err(None)` where there are no such bytes.
    pub(super) async fn read(&self, key: &str, range: Range<u64>) -> Result<Bytes, Option<Error>> {
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        match self.store.get_range(&path(key), range).await {
            Ok(bytes) => Ok(bytes),
            Err(object_store::Error::NotFound { .. }) => Err(None),
            Err(error) => Err(Some(failed(&error))),
        }
    }

    /// Removes bytes, and those of an upload that was cut short. What is not there is removed already.
    pub(super) async fn remove(&self, key: &str) -> Result<(), Error> {
        match self.store.delete(&path(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(failed(&error)),
        }
        let Some(folder) = &self.folder else { return Ok(()) };
        let file = folder.join(path(key).as_ref());
        let remove = move || remove_staged(&file);
        tokio::task::spawn_blocking(remove).await.map_err(crate::runtime::not_finished)?
    }
}

/// Bytes that did not get their name yet are beside it, under `NAME#NUMBER`.
fn remove_staged(file: &Path) -> Result<(), Error> {
    let (Some(folder), Some(name)) = (file.parent(), file.file_name().and_then(|name| name.to_str())) else {
        return Ok(());
    };
    let staged = format!("{name}#");
    let failed = |source| Error::File { path: folder.to_owned(), source };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    for entry in entries {
        let entry = entry.map_err(failed)?;
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(&staged)) {
            std::fs::remove_file(entry.path()).map_err(failed)?;
        }
    }
    Ok(())
}

/// A key's place: in one of 256 folders, so that none has too many entries.
fn path(key: &str) -> ObjectPath {
    let (folder, rest) = key.split_at(key.len().min(2));
    ObjectPath::from_iter([folder, rest])
}

fn s3(config: &Config, rest: &str) -> Result<Arc<dyn ObjectStore>, Error> {
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (login, place) = place.rsplit_once('@').map_or((None, place), |(login, place)| (Some(login), place));
    let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
    if bucket.is_empty() {
        return Err(refused(config, KNOWN.to_owned()));
    }
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let retry = RetryConfig { max_retries: 3, retry_timeout: S3_TIMEOUT, ..RetryConfig::default() };
    // Without a login in the address it is the environment's: AWS_ACCESS_KEY_ID and its like.
    let mut builder = AmazonS3Builder::from_env()
        .with_bucket_name(bucket)
        .with_retry(retry)
        .with_client_options(ClientOptions::new().with_timeout(S3_TIMEOUT).with_allow_http(true));
    if let Some((key, secret)) = login.and_then(|login| login.split_once(':')) {
        builder = builder.with_access_key_id(decoded(key)).with_secret_access_key(decoded(secret));
    }
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        builder = match parameter.split_once('=') {
            Some(("endpoint", url)) => builder.with_endpoint(decoded(url)),
            Some(("region", name)) => builder.with_region(decoded(name)),
            _ => return Err(refused(config, format!("does not know the parameter {parameter:?}; {KNOWN}"))),
        };
    }
    let store = builder.build().map_err(|error| refused(config, error.to_string()))?;
    Ok(Arc::new(PrefixStore::new(store, prefix)))
}

pub(crate) fn refused(config: &Config, reason: String) -> Error {
    Error::FileStore { address: config.files.to_string(), reason }
}

/// What a failure of the store means.
pub(super) fn failed(error: &object_store::Error) -> Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<std::io::Error>().is_some_and(|io| io.kind() == std::io::ErrorKind::StorageFull) {
            return Error::StorageFull(error.to_string());
        }
        cause = error.source();
    }
    Error::Unavailable(format!("the store of files: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_folder_or_a_bucket_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let open = |address: &str| {
            let config = Config { files: address.into(), ..Config::new(folder.path()) };
            BytesStore::open(&config).map(|store| store.to_string())
        };
        assert_eq!(open("file").unwrap(), "file");
        assert!(folder.path().join("files").is_dir());
        let shown = open("s3://key:se%2Fcret@bucket/a/prefix?endpoint=http://127.0.0.1:9&region=eu-1").unwrap();
        assert!(shown.starts_with("s3://key:***@bucket/a/prefix?") && !shown.contains("cret"), "{shown}");
        for wrong in ["", "ftp://x", "s3://", "s3://bucket?colour=red", "file:"] {
            let refused = open(wrong).unwrap_err();
            assert!(matches!(refused, Error::FileStore { .. }), "{wrong}: {refused}");
        }
    }
}
