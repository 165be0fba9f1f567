//! A folder that files are written to, and nothing else.
//!
//! Input: the folder that the user chose. Output: new files in it. A name that is a path is refused, and no link is
//! followed, neither in place of the folder nor in it, so that nothing outside of the folder changes.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use amp_rules_core::file_name;

/// A folder that exists and is not a link.
#[derive(Debug)]
pub(crate) struct OutputFolder {
    path: PathBuf,
}

impl OutputFolder {
    /// Creates the folder with its parents, unless it exists.
    ///
    /// # Errors
    ///
    /// It cannot be created, or it is a link or a file.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        // Without a slash at the end, which would follow a link.
        let path: PathBuf = path.components().collect();
        match fs::symlink_metadata(&path) {
            Ok(known) if known.file_type().is_symlink() => {
                return Err(refused("it is a link; give the folder that it leads to"));
            }
            Ok(known) if !known.is_dir() => return Err(refused("it is not a folder")),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => fs::create_dir_all(&path)?,
            Err(error) => return Err(error),
        }
        Ok(Self { path: fs::canonicalize(path)? })
    }

    /// Whether it has no entries.
    ///
    /// # Errors
    ///
    /// It cannot be listed.
    pub(crate) fn is_empty(&self) -> io::Result<bool> {
        Ok(fs::read_dir(&self.path)?.next().is_none())
    }

    /// Creates a file that does not exist.
    ///
    /// # Errors
    ///
    /// The name is not the name of a file, there is a file or link of this name, or the file cannot be created.
    pub(crate) fn new_file(&self, name: &str) -> io::Result<File> {
        // A link is not followed: it exists.
        File::create_new(self.of(name)?)
    }

    /// Writes a file, in place of the file or link of this name.
    ///
    /// # Errors
    ///
    /// The name is not the name of a file, or the file cannot be written.
    pub(crate) fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.remove(name)?;
        self.new_file(name)?.write_all(bytes)
    }

    /// Removes a file or link, if there is one.
    ///
    /// # Errors
    ///
    /// The name is not the name of a file, or it cannot be removed.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.of(name)?) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn of(&self, name: &str) -> io::Result<PathBuf> {
        match file_name::problem(name) {
            Some(why) => Err(refused(&format!("the name `{name}` {why}"))),
            None => Ok(self.path.join(name)),
        }
    }
}

fn refused(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_a_path_is_refused() {
        let work = tempfile::tempdir().unwrap();
        let out = OutputFolder::create(&work.path().join("a/out")).unwrap();
        let absolute = work.path().join("evil").display().to_string();
        for name in ["../evil", absolute.as_str(), "a/b", "..", "", "nul.ndjson"] {
            assert!(out.new_file(name).is_err() && out.replace(name, b"x").is_err(), "{name}");
        }
        assert!(fs::read_dir(work.path().join("a/out")).unwrap().next().is_none());
        assert!(!work.path().join("evil").exists());
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        use std::os::unix::fs::symlink;

        let work = tempfile::tempdir().unwrap();
        let (victim, elsewhere) = (work.path().join("victim"), work.path().join("elsewhere"));
        fs::write(&victim, "kept").unwrap();
        fs::create_dir(&elsewhere).unwrap();
        symlink(&elsewhere, work.path().join("link")).unwrap();
        for path in ["link", "link/", "link/."] {
            let error = OutputFolder::create(&work.path().join(path)).unwrap_err();
            assert!(error.to_string().contains("it is a link"), "{path}: {error}");
        }
        let out = OutputFolder::create(&work.path().join("out")).unwrap();
        symlink(&victim, work.path().join("out/rows.ndjson")).unwrap();
        symlink(work.path().join("new"), work.path().join("out/dangling")).unwrap();
        assert!(out.new_file("rows.ndjson").is_err() && out.new_file("dangling").is_err());
        out.replace("rows.ndjson", b"rows").unwrap();
        out.replace("dangling", b"rows").unwrap();
        assert_eq!(fs::read_to_string(&victim).unwrap(), "kept");
        assert_eq!(fs::read_to_string(work.path().join("out/rows.ndjson")).unwrap(), "rows");
        assert!(!work.path().join("new").exists());
    }
}
