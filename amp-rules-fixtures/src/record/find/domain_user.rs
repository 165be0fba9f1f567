//! Accounts of Windows domains: `DOMAIN\user`, and in lower case where a sentence or a cell shows that it is one.

use std::ops::Range;

use super::shape::{before, is_numbered, is_path, lookback};

/// `DOMAIN\user`. Not a path, an escape, a key of the registry, or a built-in account.
pub(super) fn domain_user(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    const BUILT_IN: &[&str] = &[
        "NT",
        "AUTHORITY",
        "BUILTIN",
        "SERVICE",
        "APPPOOL",
        "IIS",
        "HKLM",
        "HKCU",
        "HKEY",
        "MANAGER",
        "HOST",
        "HKEY_LOCAL_MACHINE",
        "SOFTWARE",
        "SYSTEM",
        "MACHINE",
        "PACKAGE",
    ];
    const CONTEXTS: &[&str] = &[
        "user",
        "account",
        "login",
        "logon",
        "logged",
        "principal",
        "identity",
        "owner",
        "username",
        "runas",
        "whoami",
    ];
    // Words before and after an account of any case.
    const BEFORE: &[&str] = &[
        " as ",
        " by ",
        "failed for ",
        "denied for ",
        "denied to ",
        "granted to ",
        "revoked from ",
        "behalf of ",
        "impersonating ",
        "impersonate ",
    ];
    const AFTER: &[&str] = &[
        " log",
        " sign",
        " authenticated",
        " connected",
        " disconnected",
        " does not have ",
        " is not auth",
        " has no ",
        " was denied",
        " is denied",
        " is not a member",
    ];
    let found = text.get(range.clone())?;
    let (domain, rest) = found.split_once('\\')?;
    let user = rest.trim_start_matches('\\').trim_end_matches('.');
    let near = lookback(text, range.start, 24).to_lowercase();
    let next = text.get(range.end..)?.trim_start_matches(['"', '\'']);
    let opens = near.trim_end_matches(['"', '\'']);
    let is_single = rest.len() == found.len() - domain.len() - 1 && !rest.starts_with('\\');
    // `\n` and the classes of a regex.
    let is_class =
        user.starts_with(['d', 's', 'w', 'b', 'x', 'u']) && !user.chars().nth(1).is_some_and(char::is_alphabetic);
    let may_be_escape = is_single && (user.starts_with(['n', 'r', 't']) || is_class);
    let is_acting = AFTER.iter().any(|after| next.starts_with(after))
        || BEFORE.iter().any(|before| opens.ends_with(before))
        // The whole cell of a table.
        || (range == (0..text.len()) && domain.len() <= 15);
    let in_context = CONTEXTS.iter().any(|context| near.contains(context))
        || opens.ends_with(" as ")
        || next.starts_with(" log")
        || (is_acting && !may_be_escape && !is_path(user));
    let is_netbios = domain.len() <= 15
        && domain.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-');
    let is_escape = user.starts_with(['n', 'r', 't']) && is_single;
    // A domain of the DNS, or one of Windows for accounts of Entra and Microsoft.
    let is_cloud = matches!(domain, "AzureAD" | "MicrosoftAccount")
        || (domain.contains('.') && !domain.ends_with('.') && !is_escape);
    let end = range.end - (rest.trim_start_matches('\\').len() - user.len());
    let is_named = ["user:", "account:", "login:", "runas:", "owner:"].iter().any(|name| near.ends_with(name));
    let is_path = before(text, &range).is_some_and(|c| {
        c.is_alphanumeric() || matches!(c, '\\' | '/' | '_' | '-' | '.' | '%') || (c == ':' && !is_named)
    }) || text.get(end..)?.starts_with(['\\', '/']);
    let known = in_context || is_cloud || (is_netbios && !is_escape);
    (known && !is_path && user.chars().count() > 1 && !BUILT_IN.contains(&domain) && !is_numbered(user, "account-"))
        .then_some(range.start..end)
}
