//! Where the schemas are.

use std::path::{Path, PathBuf};

/// Every `schema.xml` in a folder of `crate_folder`, or of the tests of what rooms share, by name.
pub(crate) fn schemas(crate_folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = [crate_folder.to_owned(), crate_folder.join("session/tests")]
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("schema.xml")))
        .filter(|schema| schema.is_file())
        .collect();
    found.sort();
    found
}
