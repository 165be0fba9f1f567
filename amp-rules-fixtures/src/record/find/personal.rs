//! Ids, e-mail addresses, user names and personal numbers.

use super::checks::{
    account, card, dotted_phone, guid, has_four_digits, hex_id, home, iban, mail, north_american_phone, phone,
    social_security,
};
use super::domain_user::domain_user;
use super::kind::Check::{Any, Is, Place};
use super::kind::{Kind, kinds};

/// One row per kind.
pub(super) const KINDS: &[Kind] = kinds! {
    "guid", Id, ["-", "_"], r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-|_[0-9A-Fa-f]{4}_[0-9A-Fa-f]{4}_[0-9A-Fa-f]{4}_)[0-9A-Fa-f]{12}",
        Place(guid), "RFC 9562, section 4";
    "guid-without-dashes", Id, [], r"\b[0-9A-Fa-f]{32}\b|_[0-9A-Fa-f]{32}\b|\b[0-9A-Fa-f]{32}_", Place(hex_id),
        "not verified: Microsoft: System.Guid.ToString (N); W3C: trace context, trace id";
    "e-mail-address", Mail, ["@"], r"(?:[\p{L}\p{N}\p{M}._+'!#$&*/=?^{|}~-]+)@(?:[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}-]*[\p{L}\p{N}\p{M}])?\.)+[\p{L}\p{M}][\p{L}\p{M}\p{N}-]+",
        Place(mail), "RFC 5322, section 3.4.1; RFC 6531, section 3.3";
    "e-mail-address-in-quotes", Mail, ["@"], r#""[^"\\\r\n@]{1,64}"@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}"#, Any,
        "RFC 5321, section 4.1.2";
    "e-mail-address-of-guest", Mail, ["#ext#"], r"(?i)[A-Za-z0-9._+-]+_[A-Za-z0-9.-]+#EXT#@[A-Za-z0-9.-]+", Any,
        "not verified: Microsoft: user properties";
    "home-folder", Account, ["home", "users", "documents and settings"],
        r#"(?i)(?:(?:\\+|/)(?:home|users|profiles)|(?:\\+)documents and settings)(?:\\+|/+)([^\s\\/:*?"'<>|,;()\[\]{}&=%]+(?: [^\s\\/:*?"'<>|,;()]+(?:\\))?)"#, Place(home),
        "not verified: Linux Foundation: Filesystem Hierarchy Standard 3.0, /home; Microsoft: KNOWNFOLDERID";
    "home-folder-of-shell", Account, ["~"], r"(?:^|[\s:=\x22'(])~([a-z_][a-z0-9_.-]{1,31})/", Place(home),
        "not verified: GNU Bash: tilde expansion";
    "domain-user", Account, ["\\"], r"[A-Za-z][A-Za-z0-9.-]{1,30}\\{1,4}[\p{L}][\p{L}\p{N}._$-]+", Place(domain_user),
        "not verified: Microsoft: user name formats, down level logon name";
    "login", Account, ["for ", "user ", "user=", "logname", "sudo:"], r"(?:\b(?:[Aa]ccepted|[Ff]ailed) [\w/-]+ for (?:invalid user |illegal user )?|[Ii]nvalid user |session (?:opened|closed) for user |[Nn]ew session \S+ of user |\bsudo: +|\b(?i:logname)=|\bruser=|\bUSER=)([A-Za-z_][\w.@-]+)", Place(account),
        "format observed in log lines of sshd, sudo and pam_unix; no vendor document found";
    "distinguished-name", Account, ["cn=", "uid="], r"(?i)\b(?:CN|UID)=([^,=\r\n\x22]+),\s*(?:(?:OU|CN|O|L|C|ST)=[^,=\r\n\x22]+,\s*)*DC=", Any,
        "RFC 4514";
    "security-id", Account, ["S-1-"], r"\bS-1-(?:5-21|12-1)(?:-[0-9]{4,10}){3,4}(?:-[0-9]{3,10})?\b", Any,
        "not verified: Microsoft: understand security identifiers";
    "phone-number", Personal, ["+"], r"\+[1-9](?:[ .()/-]{0,2}[0-9]){6,14}", Place(phone),
        "ITU-T: recommendation E.164";
    "north-american-phone-number", Personal, ["-", ") ", "."], r"(?:1[-. ])?(?:\([2-9][0-9]{2}\) ?[2-9][0-9]{2}[-. ][0-9]{4}|[2-9][0-9]{2}-[2-9][0-9]{2}-[0-9]{4}|[2-9][0-9]{2}\.[2-9][0-9]{2}\.[0-9]{4})",
        Place(north_american_phone), "NANPA: numbering plan";
    "named-phone-number", Personal, ["phone", "tel", "mobile", "cell", "fax", "msisdn", "sms", "whatsapp", "call"],
        r#"(?i)(?:phone|\btel|mobile|\bcell|\bfax|msisdn|\bsms|whatsapp|\bcall(?:er|ed|ing)?)(?:[ _-]?(?:number|nr|no|id))?[.#]?\\*["']?\s*(?:to|at|:|=)?\s*\\*["']?(\+?[0-9(][0-9 ()./-]{5,20}[0-9])"#, Place(dotted_phone),
        "ITU-T: recommendation E.123";
    "payment-card", Personal, [], r"[2-6][0-9]{3}(?:[ -]?[0-9]{4}){2}[ -]?[0-9]{1,7}|3[47][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{5}", Place(card),
        "ISO: payment card numbers (ISO/IEC 7812-1; Luhn)";
    "social-security-number", Personal, ["-", " "], r"[0-9]{3}(?:-[0-9]{2}-|[ ][0-9]{2}[ ])[0-9]{4}", Place(social_security),
        "not verified: SSA: randomization of social security numbers";
    "named-personal-number", Personal, ["vat", "ssn", "social", "passport", "licen", "national", "tax", "sin", "nino", "insurance", "imei", "imsi", "medicare", "aadhaar", "cpf", "steuer", "dni", "bsn", "pesel", "cnpj", "nhs", "itin", "ein", "account", "routing", "card", "pan"],
        r#"(?i)(?:^|[^a-z])(?:\bvat|ssn|social[ _-]?security(?:[ _-]?(?:number|no))?|passport|driver'?s?[ _-]?licen[cs]e|national[ _-]?id|tax[ _-]?id|\bsin|nino|national[ _-]?insurance|imei|imsi|medicare|aadhaar|cpf|cnpj|steuer(?:-?id|nummer)|dni|bsn|pesel|nhs|itin|\bein|(?:bank[ _-]?)?account[ _-]?(?:number|no)|routing[ _-]?(?:number|no)|(?:credit|debit|payment)?[ _-]?card[ _-]?(?:number|no)|\bpan)(?:[ _-]?(?:number|nr|no|num))?\b[.#]?\\*["']?\s*(?:is|:|=)?\s*\\*["']?((?:[A-Z]{1,3}[ -]?)?[0-9][0-9 ./-]{4,20}[0-9A-Z]|[A-Z0-9]{6,14})\b"#,
        Is(has_four_digits), "NIST: protecting personally identifiable information (SP 800-122)";
    "date-of-birth", Personal, ["birth", "dob", "geburt"], r#"(?i)(?:date[ _-]?of[ _-]?birth|birth[ _-]?(?:date|day)|\bdob|geburtsdatum)\\*["']?\s*[:=]?\s*\\*["']?([0-9]{1,4}[-./][0-9]{1,2}[-./][0-9]{1,4})"#, Any,
        "NIST: protecting personally identifiable information (SP 800-122)";
    "bank-account", Personal, [], r"\b[A-Z]{2}[0-9]{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,4})?\b", Place(iban),
        "ISO: international bank account numbers (ISO 13616)";
    "national-insurance-number", Personal, [], r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] [0-9]{2} [0-9]{2} [0-9]{2} [A-D]\b", Any,
        "not verified: HMRC: National Insurance Manual";
};
