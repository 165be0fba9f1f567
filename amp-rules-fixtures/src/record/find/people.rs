//! User names: after telling names and in messages.

use std::ops::Range;

use super::kind::Check::{Any, Place};
use super::kind::{Kind, kinds};
use super::shape::{is_numbered, is_path, is_placeholder};
use super::values::{extent, is_sentence};

/// One row per kind.
pub(super) const KINDS: &[Kind] = kinds! {
    "named-account", Account,
        ["user", "usr", "uname", "login", "logon", "upn", "account", "dby", "d_by", "d-by", "author", "assignee", "approver", "firstname", "lastname", "givenname", "familyname", "surname", "fullname", "realname", "nickname", "t_name", "t-name", "n_name", "l_name", "customername", "contactname", "patientname", "employeename", "membername", "recipientname", "sendername", "cardholdername", "subscribername", "t name", "r_name", "r name", "e_name", "uid"],
        r#"(?i)(?:(?:^|[^a-z0-9])(?:(?:[a-z]{1,12}[_-])?user(?:[ _-]?(?:name|id|principal[ _-]?name))?|usr|uname|log[io]n(?:[_-]?(?:name|id))?|sam[_-]?account[_-]?name|(?:created|modified|updated|changed|requested|submitted|initiated|approved|triggered|launched)[_-]?by|upn|author|assignee|approver|(?:first|last|given|family|sur|full|real|nick|customer|contact|patient|employee|member|recipient|sender|cardholder|subscriber)[ _-]?name|uid)|(?-i:[a-z0-9](?:User(?:Name|Id)?|Login|Author)))(?:\\*["'`])?\s*(?:=>|:=|={1,2}|:)\s*()"#,
        Place(account_value), "not verified: Microsoft: user properties; NIST: protecting personally identifiable information (SP 800-122)";
    "account-of-user-object", Account, ["user", "author", "owner", "actor"],
        r#"(?i)\b(?:user|author|owner|actor|account|createdBy|lastModifiedBy)\\*["']\s*:\s*\{[^{}]{0,200}?\\*["'](?:name|login|displayName|userName)\\*["']\s*:\s*()"#,
        Place(account_value), "not verified: Microsoft: Graph, identity resource type";
    "account-in-message", Account, ["user", "account", "login", "fatal:"],
        r#"(?i)(?:\b(?:user(?:name)?|account|login)\s+(?:name\s+)?|\bFATAL:\s+role\s+)["'`\[(]()"#,
        Place(quoted_account), "not verified: PostgreSQL: client authentication problems; Microsoft: SQL Server, error 18456";
    "name-beside-mail", Account, ["displayname"],
        r#"(?i)\\*["'](?:userPrincipalName|alternateId|upn|e?mail)\\*["']\s*:\s*\\*["'][^"'\\]{0,100}\\*["']\s*,\s*\\*["']displayName\\*["']\s*:\s*()"#,
        Place(account_value), "not verified: Microsoft: Graph, user resource type";
    "name-before-mail", Account, ["<"],
        r"([A-Z][\p{L}'’-]+(?: [A-Z][\p{L}.'’-]*){1,3})\\*\x22? ?(?:<|&lt;)[^<>@\s]{1,64}@", Any,
        "RFC 5322, section 3.4";
    "name-after-title", Account, ["customer", "patient", "employee", "passenger", "guest", "mr", "ms", "dr"],
        r"\b(?:customer|patient|employee|passenger|guest|Mrs?\.?|Ms\.?|Dr\.?) ([A-Z][\p{L}'’-]+ [A-Z][\p{L}'’-]+)", Any,
        "format observed in log lines and tickets; NIST: protecting personally identifiable information (SP 800-122)";
    "account-in-access-log", Account, [" - "],
        r"[0-9a-fA-F.:]{3,39} - ([^\s-]\S*) \[[0-9]{2}/[A-Z][a-z]{2}/", Place(named),
        "not verified: Apache HTTP Server: log files, common log format";
    "account-of-remote-command", Account, ["ssh", "scp", "ftp", "rsync", "smb://"],
        r"\b(?:(?:ssh|scp|sftp|rsync|mosh)\s(?:[^\r\n|;@]*?\s)?|(?:s?ftps?|ssh|smb|rsync|[a-z]+\+ssh)://)([A-Za-z_][\w.-]*)@", Place(named),
        "not verified: OpenBSD: ssh(1)";
    "account-of-action", Account, ["user "],
        r"(?i)\buser ([A-Za-z][\w.-]+) (?:logged|signed|logs|signs|log|authenticat|connect|disconnect|does not exist|is not auth|was den|is den|has no|has been|cannot|failed|created|deleted|denied)",
        Place(named), "not verified: Linux: pam_unix(8)";
};

/// User names that many machines have, in lower case.
const COMMON: &[&str] = &[
    "root",
    "admin",
    "administrator",
    "system",
    "service",
    "azureuser",
    "guest",
    "postgres",
    "sa",
    "default",
    "anonymous",
    "user",
    "www-data",
    "daemon",
    "test",
    "app",
    "ubuntu",
    "ec2-user",
    "nonroot",
    "mysql",
    "redis",
    "nginx",
    "runner",
    "jenkins",
    "public",
    "dbo",
    "oracle",
    "operator",
    "kubelet",
    "containeradministrator",
    "containeruser",
    "account",
    "name",
    "email",
    "mail",
    "upn",
    "oid",
    "sub",
    "clusteruser",
    "clusteradmin",
    "masterclient",
    "self",
    "me",
    "any",
    "all",
    "prometheus",
    "grafana",
    "collector",
    "otel",
    "client",
    "nodeclient",
    "aksservice",
    "localsystem",
    "git",
    "core",
    "ok",
    "success",
    "succeeded",
    "failure",
    "state",
];

/// The name after a telling name.
fn account_value(text: &str, at: Range<usize>) -> Option<Range<usize>> {
    let (mut range, is_quoted) = extent(text, at.start)?;
    if !is_quoted && is_capitalized(text.get(range.clone())?) {
        range.end = end_of_names(text, range.end);
    }
    let found = text.get(range.clone())?;
    let is_quoted = is_quoted || found.contains(' ');
    (is_account(found, is_quoted) && (is_quoted || !is_sentence(text, at.start, &range))).then_some(range)
}

/// The end of the capitalized words that follow a capitalized word, up to three: `Ada King Lovelace`.
fn end_of_names(text: &str, mut end: usize) -> usize {
    for _ in 0..3 {
        let Some(rest) = text.get(end..).and_then(|rest| rest.strip_prefix(' ')) else { break };
        let word =
            rest.split(|c: char| !(c.is_alphabetic() || matches!(c, '\'' | '-' | '.'))).next().unwrap_or_default();
        let ends = rest.get(word.len()..).is_none_or(|rest| !rest.starts_with([':', '=']));
        if !is_capitalized(word) || !ends {
            break;
        }
        end += 1 + word.len();
    }
    end
}

fn is_capitalized(word: &str) -> bool {
    let mut chars = word.chars();
    chars.next().is_some_and(char::is_uppercase) && chars.next().is_some_and(char::is_lowercase)
}

/// The name in quotes or brackets after `user`.
fn quoted_account(text: &str, at: Range<usize>) -> Option<Range<usize>> {
    let rest = text.get(at.start..)?;
    let length = rest.find(['"', '\'', '`', ']', ')', '\n'])?;
    let found = rest.get(..length)?;
    is_account(found, false).then_some(at.start..at.start + length)
}

/// A name that a word shows to be one.
fn named(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let found = text.get(range.clone())?.trim_end_matches(['.', '-']);
    is_account(found, false).then(|| range.start..range.start + found.len())
}

/// Whether a value is the name of a person: letters, perhaps with digits and joints. No common name, path, file or number.
fn is_account(value: &str, may_have_spaces: bool) -> bool {
    let lower = value.to_lowercase();
    let joint = |c: char| matches!(c, '.' | '_' | '-' | '+' | '\'') || (may_have_spaces && c == ' ');
    let letters = value.chars().filter(|c| c.is_alphabetic()).count();
    (2..=64).contains(&value.chars().count())
        && letters > 1
        && value.chars().all(|c| c.is_alphanumeric() || joint(c))
        && !value.starts_with(|c: char| !c.is_alphanumeric() && c != '_')
        && !COMMON.contains(&lower.as_str())
        && !is_placeholder(value)
        && !is_path(value)
        && !is_numbered(value, "account-")
        && !is_numbered(value, "user")
        && !lower.starts_with("system")
        // A digest or an id is found by its own kind.
        && !(value.len() >= 16 && value.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
