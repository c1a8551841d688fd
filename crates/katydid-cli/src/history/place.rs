//! Where are runs stored when nobody says so? In the folder that the system has for users' data.

use std::env;
use std::path::PathBuf;

use katydid_store::{Address, Error};

/// The address that a user gave, or the standard one.
///
/// # Errors
/// A text that is no address; without one, a system that names no folder for users' data.
pub fn address(store: Option<&str>) -> Result<Address, Error> {
    match store {
        Some(text) => Address::parse(text),
        None => data_folder().map(|folder| Address::in_folder(folder.join("katydid"))).ok_or_else(|| {
            Address::parse("").err().unwrap_or_else(|| unreachable!("an empty text is no address"))
        }),
    }
}

fn data_folder() -> Option<PathBuf> {
    let folder = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = folder("HOME");
    let own = if cfg!(target_os = "macos") { "Library/Application Support" } else { ".local/share" };
    // A relative path in XDG_DATA_HOME is to be ignored, says its specification.
    folder("XDG_DATA_HOME")
        .filter(|folder| folder.is_absolute())
        .or_else(|| home.map(|home| home.join(own)))
        .or_else(|| folder("LOCALAPPDATA"))
}
