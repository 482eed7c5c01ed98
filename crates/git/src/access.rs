//! Who has rights in a file beyond what its permission bits tell: its owner, and the users and
//! groups that an access control list names.

use std::path::Path;

/// Rights that permission bits do not show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// The number of the user it belongs to, if that is neither this one nor root.
    pub owner: Option<u32>,
    /// Users and groups with rights of their own, as `user 1000`.
    pub named: Vec<String>,
}

/// The rights in a file of the work tree; none are known where it cannot be looked at.
#[cfg(unix)]
pub fn access(path: &Path) -> Access {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(metadata) = path.symlink_metadata() else { return Access::default() };
    if !metadata.is_file() {
        return Access::default();
    }
    let me = rustix::process::geteuid();
    // What belongs to root or is looked at by root tells nothing: that is how containers are.
    let is_foreign = !me.is_root() && metadata.uid() != 0 && metadata.uid() != me.as_raw();
    Access { owner: is_foreign.then_some(metadata.uid()), named: named(path) }
}

/// Windows has neither of them in this form.
#[cfg(not(unix))]
pub fn access(_path: &Path) -> Access {
    Access::default()
}

#[cfg(target_os = "linux")]
fn named(path: &Path) -> Vec<String> {
    // More than a file system takes.
    let mut list = vec![0; 64 << 10];
    match rustix::fs::lgetxattr(path, "system.posix_acl_access", &mut list) {
        Ok(length) => effective(&list[..length]),
        Err(_) => Vec::new(),
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
fn named(_path: &Path) -> Vec<String> {
    Vec::new()
}

/// Users and groups that the list gives more than nothing, in the kernel's form: a version, then
/// entries of a tag, rights and a number, the low byte first. The mask limits them all.
#[cfg(target_os = "linux")]
fn effective(list: &[u8]) -> Vec<String> {
    const VERSION: [u8; 4] = [2, 0, 0, 0];
    const USER: u16 = 0x02;
    const GROUP: u16 = 0x08;
    const MASK: u16 = 0x10;
    let Some(entries) = list.strip_prefix(&VERSION) else { return Vec::new() };
    let entries: Vec<(u16, u16, u32)> = entries
        .chunks_exact(8)
        .map(|entry| {
            let short = |at: usize| u16::from_le_bytes([entry[at], entry[at + 1]]);
            let number = u32::from(short(4)) | u32::from(short(6)) << 16;
            (short(0), short(2), number)
        })
        .collect();
    let mask = entries.iter().find(|(tag, ..)| *tag == MASK).map_or(7, |(_, rights, _)| *rights);
    let named = entries.iter().filter_map(|&(tag, rights, number)| match tag {
        USER if rights & mask != 0 => Some(format!("user {number}")),
        GROUP if rights & mask != 0 => Some(format!("group {number}")),
        _ => None,
    });
    named.collect()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn list(entries: &[(u16, u16, u32)]) -> Vec<u8> {
        let mut list = vec![2, 0, 0, 0];
        for (tag, rights, number) in entries {
            list.extend_from_slice(&tag.to_le_bytes());
            list.extend_from_slice(&rights.to_le_bytes());
            list.extend_from_slice(&number.to_le_bytes());
        }
        list
    }

    #[test]
    fn whom_a_list_names() {
        let none = u32::MAX;
        let of = |mask: u16| {
            list(&[
                (1, 6, none),
                (2, 4, 70_000),
                (4, 0, none),
                (8, 6, 5),
                (0x10, mask, none),
                (0x20, 0, none),
            ])
        };
        assert_eq!(effective(&of(4)), ["user 70000", "group 5"]);
        assert_eq!(effective(&of(2)), ["group 5"]);
        assert_eq!(effective(&of(0)), [""; 0], "as after chmod 600");
    }

    #[test]
    fn odd_lists_name_nobody() {
        let whole = list(&[(2, 4, 1)]);
        assert_eq!(effective(&whole), ["user 1"]);
        for length in 0..whole.len() {
            assert_eq!(effective(&whole[..length]), [""; 0]);
        }
        assert_eq!(effective(&[3, 0, 0, 0, 2, 0, 4, 0, 1, 0, 0, 0]), [""; 0]);
    }
}
