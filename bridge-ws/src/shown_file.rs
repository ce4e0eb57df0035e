//! A file as messages name it: JSON in the text of a message of kind File, and an object in its row.

use moim_persistence::FileEntry;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a room's members see of a file. Its bytes are at `/api/file/{fileId}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FileInMessage)]
pub(crate) struct ShownFile {
    /// In digits, so that no reader rounds it.
    pub(crate) file_id: String,
    pub(crate) file_name: String,
    /// In bytes.
    pub(crate) size: u64,
    pub(crate) content_type: String,
}

impl ShownFile {
    /// What a File says; `None` where its text is not what this or a later version writes.
    pub(crate) fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The text of a File.
    pub(crate) fn text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

impl From<&FileEntry> for ShownFile {
    fn from(file: &FileEntry) -> Self {
        Self {
            file_id: file.id.to_string(),
            file_name: file.name.clone(),
            size: file.size,
            content_type: file.content_type.clone(),
        }
    }
}
