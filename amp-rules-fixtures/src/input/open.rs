//! Opens regular files, and nothing else.
//!
//! The type is checked before the file is opened, because opening some devices has effects, and again on the open file,
//! because the path may have changed in between. On Unix the file is opened without waiting, so a pipe that took the place of
//! a file cannot stop the program, and files of the kernel that wait for data fail to read.

use std::fs::{self, File, FileType, Metadata, OpenOptions};
use std::io;
use std::path::Path;

use super::error::{InputError, Reason};

/// Opens a regular file for reading. Links to regular files are followed.
///
/// # Errors
///
/// It is missing, not a regular file, or cannot be opened.
pub fn open(path: &Path) -> Result<(File, Metadata), InputError> {
    open_file(path).map_err(|reason| InputError::new(path, reason))
}

/// Checks that a path is a folder.
///
/// # Errors
///
/// It is missing, not a folder, or its type cannot be read.
pub fn check_folder(path: &Path) -> Result<(), InputError> {
    let wrong = |reason| Err(InputError::new(path, reason));
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(found) => wrong(special(found.file_type()).map_or(Reason::NotAFolder, Reason::Special)),
        Err(error) => wrong(reason(path, error)),
    }
}

fn open_file(path: &Path) -> Result<(File, Metadata), Reason> {
    refuse(&fs::metadata(path).map_err(|error| reason(path, error))?)?;
    let file = options().open(path).map_err(|error| reason(path, error))?;
    let found = file.metadata().map_err(Reason::Io)?;
    refuse(&found)?;
    Ok((file, found))
}

/// Refuses everything but a regular file.
pub(super) fn refuse(found: &Metadata) -> Result<(), Reason> {
    match special(found.file_type()) {
        None if found.is_file() => Ok(()),
        None if found.is_dir() => Err(Reason::Folder),
        None => Err(Reason::Special("a special file")),
        Some(what) => Err(Reason::Special(what)),
    }
}

#[cfg(unix)]
fn options() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
    options
}

#[cfg(not(unix))]
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    options
}

/// The name of a type that is neither a file nor a folder, with its article.
#[cfg(unix)]
fn special(kind: FileType) -> Option<&'static str> {
    use std::os::unix::fs::FileTypeExt;
    if kind.is_fifo() {
        Some("a named pipe")
    } else if kind.is_socket() {
        Some("a socket")
    } else if kind.is_char_device() || kind.is_block_device() {
        Some("a device")
    } else {
        None
    }
}

#[cfg(not(unix))]
fn special(_: FileType) -> Option<&'static str> {
    None
}

/// The reason for an error of the file system at a path.
pub(super) fn reason(path: &Path, error: io::Error) -> Reason {
    match error.kind() {
        // A link is there although its target is not.
        io::ErrorKind::NotFound => fs::read_link(path).map_or(Reason::Missing, Reason::DanglingLink),
        io::ErrorKind::PermissionDenied => Reason::Denied,
        // Part of the path is a file.
        io::ErrorKind::NotADirectory => Reason::Missing,
        _ if is_link_loop(&error) => Reason::LinkLoop,
        _ => Reason::Io(error),
    }
}

#[cfg(unix)]
fn is_link_loop(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ELOOP)
}

#[cfg(not(unix))]
fn is_link_loop(_: &io::Error) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn refused(path: &Path) -> String {
        open(path).map(drop).unwrap_err().to_string()
    }

    #[test]
    fn a_folder_and_nothing_are_refused_as_files() {
        let folder = tempfile::tempdir().unwrap();
        assert!(
            refused(folder.path()).ends_with("it is a folder; a file is expected here"),
            "{}",
            refused(folder.path())
        );
        assert!(refused(&folder.path().join("none")).ends_with("no such file or folder"));
        fs::write(folder.path().join("file"), "").unwrap();
        assert!(refused(&folder.path().join("file/below")).ends_with("no such file or folder"));
        assert!(check_folder(&folder.path().join("file")).unwrap_err().to_string().contains("it is not a folder"));
    }

    #[cfg(unix)]
    #[test]
    fn only_regular_files_are_opened() {
        use std::os::unix::fs::symlink;
        use std::os::unix::net::UnixListener;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let made = std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap();
        assert!(made.success());
        let _listener = UnixListener::bind(at("socket")).unwrap();
        symlink("nowhere", at("dangling")).unwrap();
        symlink("loop", at("loop")).unwrap();
        symlink("pipe", at("to-a-pipe")).unwrap();
        fs::write(at("file"), "text").unwrap();
        symlink("file", at("to-a-file")).unwrap();
        for (path, part) in [
            (at("pipe"), "a named pipe, not a regular file"),
            (at("to-a-pipe"), "a named pipe, not a regular file"),
            (at("socket"), "a socket, not a regular file"),
            (at("dangling"), "a link to `nowhere`, which does not exist"),
            (at("loop"), "a loop of links"),
            (PathBuf::from("/dev/zero"), "a device, not a regular file"),
        ] {
            let message = refused(&path);
            assert!(message.contains(part), "{message}");
            assert!(check_folder(&path).is_err());
        }
        assert_eq!(open(&at("to-a-file")).unwrap().1.len(), 4);
    }
}
