//! Small files beside the database, such as the directory's identity: JSON, read and written whole.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use serde::{Serialize, de::DeserializeOwned};

use super::StorageError;

/// Reads the file `name` in `directory`; `None` if there is none.
pub(super) fn read<T: DeserializeOwned>(
    directory: &Path,
    name: &str,
    record: &'static str,
) -> Result<Option<T>, StorageError> {
    let path = directory.join(name);
    match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(StorageError::damaged(record)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StorageError::file("read", path)(error)),
    }
}

/// Writes the file and syncs it, so that a crash leaves either the old or the new one.
pub(super) fn write<T: Serialize>(
    directory: &Path,
    name: &str,
    record: &'static str,
    content: &T,
) -> Result<(), StorageError> {
    let path = directory.join(name);
    let staged = directory.join(format!("{name}.new"));
    let bytes = serde_json::to_vec_pretty(content).map_err(StorageError::damaged(record))?;
    let write = || {
        let mut file = File::create(&staged)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&staged, &path)?;
        File::open(directory)?.sync_all()
    };
    write().map_err(StorageError::file("write", path.clone()))
}
