//! Secrets that their notation shows: headers, URLs, cookies, key blocks, hashes and command lines.

use super::blocks::after_begin;
use super::kind::Check::{Any, Is, Parts, Place};
use super::kind::{Kind, kinds};
use super::shape::{is_long_random, is_random};
use super::values::{
    basic, cookies, element, long_parameter, not_a_placeholder, parameter, random_value, set_cookies, user_with_slash,
    value,
};

/// One row per kind.
pub(super) const KINDS: &[Kind] = kinds! {
    "basic-authentication", Secret, ["basic"], r#"(?i)\bbasic\\*["']?[\s:=+]+\\*["']?([A-Za-z0-9+/_-]{4,}={0,2})"#, Is(basic),
        "RFC 7617, section 2";
    "bearer-token", Secret, ["bearer"], r#"(?i)\bbearer\\*["']?[\s:=+]+\\*["']?([A-Za-z0-9._~+/-]{8,}=*)"#, Is(is_random),
        "RFC 6750, section 2.1";
    "authentication-parameters", Secret, ["digest", "oauth", "hawk", "aws4-hmac", "signature", "goog4-"],
        r#"(?i)\b(?:digest|oauth|hawk|signature|mac|(?:aws4-hmac|goog4-rsa|aws4-ecdsa-p256)-sha256)\s+([a-z_-]+=(?:\\*"[^"\\]*\\*"|[^\s,"\\]+)(?:\s*,\s*[a-z_-]+=(?:\\*"[^"\\]*\\*"|[^\s,"\\]+))+)"#,
        Any, "RFC 9110, section 11.4; AWS: create signed request";
    "negotiate-token", Secret, ["negotiate", "ntlm", "kerberos"],
        r"(?i)\b(?:negotiate|ntlm|kerberos)\s+([A-Za-z0-9+/]{16,}={0,2})", Is(is_random),
        "RFC 4559, section 4";
    "mail-or-redis-authentication", Secret, ["auth"], r"\bAUTH(?:ENTICATE)? (?:(?:PLAIN|LOGIN|XOAUTH2|OAUTHBEARER|CRAM-MD5|default) )?()",
        Place(random_value), "RFC 4954, section 4; Redis: AUTH";
    "shared-key-signature", Secret, ["sharedkey"], r"(?i)\bSharedKey(?:Lite)?\s+[\w-]+:([A-Za-z0-9+/]{20,}={0,2})", Any,
        "not verified: Microsoft: authorize with shared key";
    "authorization-header", Secret, ["authorization", "x-auth", "x-amz-security", "x-amz-date"],
        r#"(?i)\b(?:authorization|x-auth(?:-[a-z]+)?|x-amz-security-token)\\*["']?\s*[:=]\s*\\*["']?(?:(?:token|apikey|api-key|key|splunk|geniekey|bot|sso-key|pve[a-z]+|discogs|pat|jwt|user|klaviyo-api-key|zoho-oauthtoken|token token|sharedaccesssignature|bearer|basic|private-token|snyk|client-id|lucene|apitoken|api-token|dapi|ssws)[ =]+)?()"#,
        Place(random_value), "RFC 9110, section 11.6.2";
    "url-password", Secret, ["://"], r#"://[^\s/:@?#"'<>\\]*:([^\s/?"'<>]+)@"#, Is(not_a_placeholder),
        "RFC 3986, section 3.2.1";
    "url-user-with-slash", Secret, ["://"], r#"://([^\s@?#"'<>\\]*/[^\s@?"'<>\\]*)@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}"#, Place(user_with_slash),
        "RFC 3986, section 3.2.1";
    "oracle-password", Secret, ["jdbc:oracle", "sqlplus", "sqlldr", "expdp", "impdp"],
        r#"(?i)(?:\bjdbc:oracle:[a-z0-9]+:|\b(?:sqlplus|sqlldr|expdp|impdp)\s+(?:-\w+\s+)*(?:userid=)?)[\w$#.-]+/([^@\s"'/]+)@"#, Is(not_a_placeholder),
        "not verified: Oracle: JDBC developer's guide, database URLs and database specifiers";
    "net-use-password", Secret, ["net use"],
        r#"(?i)\bnet\s+use\s+(?:[a-z*]:?\s+)?\\\\[^\s]+\s+([^\s/][^\s]*)"#, Is(not_a_placeholder),
        "not verified: Microsoft: net use";
    "url-user-token", Secret, ["://"], r"://([A-Za-z0-9_~.-]{16,})@", Is(is_long_random),
        "RFC 3986, section 3.2.1";
    "query-secret", Secret, ["="],
        r"(?i)[?&;](?:amp;)?(?:sig|signature|sas|hmac|jwt|otp|auth|token|[a-z_.-]+[_.-]?token|pw|pass|passwd|password|pwd|secret|client_secret|client_assertion|assertion|api[_-]?key|subscription-key|access[_-]?key|x-(?:amz|goog)-(?:signature|credential|security-token)|awsaccesskeyid|samlresponse|samlrequest|code_verifier|hdnts|policy|key-pair-id)=()",
        Place(parameter), "not verified: Microsoft: create service SAS; AWS: Signature Version 4 in query parameters";
    "query-code", Secret, ["code=", "key=", "state=", "nonce=", "ticket=", "session=", "sid=", "id=", "st=", "hash=", "invite=", "confirmation=", "reset="],
        r"(?i)[?&;](?:amp;)?(?:code|key|[a-z_-]*key|state|nonce|ticket|session|session_?id|sid|hash|invite|confirmation|reset)=()",
        Place(long_parameter), "RFC 6749, section 4.1.2; Microsoft: function keys how to";
    "cookie", Secret, ["cookie"], r#"(?i)\bcookies?\\*["']?\s*[:=]\s*\[?\s*\\*["']?\s*()[!-:<>-~]+="#, Parts(cookies),
        "RFC 6265, section 4.2";
    "set-cookie", Secret, ["set-cookie"], r#"(?i)\bset-cookie2?\\*["']?\s*[:=]\s*\[?\s*\\*["']?\s*()[!-:<>-~]+="#,
        Parts(set_cookies), "RFC 6265, section 4.1";
    "key-block", Secret, ["begin"], r"-{4,5}[ +]?BEGIN[ +_][A-Z0-9 +_]{2,40}?-{4,5}()", Place(after_begin),
        "RFC 7468; RFC 9580, section 6.2; RFC 4716";
    "putty-key", Secret, ["private-lines"], r"Private-Lines: ?\d+(?:\s|\\[rn])+((?:[A-Za-z0-9+/=]{16,}(?:\s|\\[rn])*)+(?:Private-MAC: [0-9a-f]+)?)",
        Any, "https://tartarus.org/~simon/putty-snapshots/htmldoc/AppendixC.html";
    "der-key", Secret, ["MI"], r"\bMI(?:I|G|H|E|C)[A-Za-z0-9+/]{60,}={0,2}", Is(is_random),
        "RFC 5958";
    "ssh-key", Secret, ["AAAA"], r"\bAAAA[BCEI][A-Za-z0-9+/]{40,}={0,3}", Any,
        "RFC 4253, section 6.6";
    "age-key", Secret, ["AGE-SECRET-KEY-"], r"AGE-SECRET-KEY-(?:PQ-)?1[A-Z0-9]{20,}", Any,
        "format observed in gitleaks (config/gitleaks.toml: age-secret-key); no vendor document found";
    "password-hash", Secret, ["$"], r"\$(?:1|2[abxy]?|5|6|7|y|gy|apr1|argon2(?:id|i|d)|scrypt|pbkdf2[a-z0-9-]*|sha1)\$[A-Za-z0-9./$=,+_-]{20,}", Any,
        "not verified: Linux: crypt(5)";
    "password-digest", Secret, ["{s", "{md5", "scram-sha", "pbkdf2_"], r"(?:\{S?(?:SHA(?:256|512)?|MD5)\}|SCRAM-SHA-(?:1|256)\$|pbkdf2_sha\d+\$)([A-Za-z0-9+/=$:]{16,})", Any,
        "RFC 2307, section 5.3; RFC 5803";
    "json-web-token", Secret, ["eyJ"], r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*){0,3}", Any,
        "RFC 7519";
    "curl-user", Secret, ["curl", "wget", "http"], r#"(?i)\b(?:curl|http|wget)\b[^\r\n]*?\s(?:-u|--user|--proxy-user|-a|--auth)[ =]?\\*["']?[^\s:"'=-][^\s:"']*:([^\s"'\\]+)"#,
        Is(not_a_placeholder), "format observed in gitleaks (config/gitleaks.toml: curl-auth-user); no vendor document found";
    "login-command", Secret, ["login"], r"(?i)\b(?:docker|podman|nerdctl|helm|oras|oc|az|crane|skopeo|buildah|argocd|cf|acr)\s+(?:registry\s+|acr\s+)?login\b[^\r\n|;]*?\s-p[ =]()",
        Place(value), "not verified: Docker: login";
    "client-password-option", Secret, ["sshpass", "mysql", "mariadb", "redis-cli", "sqlcmd", "bcp", "mongo", "ldap"],
        r"(?i)\b(?:sshpass\s+-p\s?|(?:mysql[a-z]*|mariadb[a-z-]*)\b[^\r\n|;]*?\s-p|redis-cli\b[^\r\n|;]*?\s-a\s+|(?:sqlcmd|bcp)\b[^\r\n|;]*?\s-P\s*|mongo[a-z]*\b[^\r\n|;]*?\s-p\s+|ldap[a-z]+\b[^\r\n|;]*?\s-w\s+)()",
        Place(value), "not verified: MySQL: end-user guidelines for password security; Redis: redis-cli";
    "netrc-password", Secret, ["login"], r"(?i)\blogin\s+\S+\s+password\s+()", Place(value),
        "not verified: GNU Inetutils: the .netrc file";
    "pgpass-password", Secret, [":5432:", ":6432:"], r#"[\w.*-]+:(?:5432|6432):[^:\s]+:[^:\s]+:([^\s"']+)"#, Is(not_a_placeholder),
        "https://access.crunchydata.com/documentation/postgresql94/9.4.25/libpq-pgpass.html";
    "sql-password", Secret, ["identified", "password"], r#"(?i)\b(?:identified\s+(?:with\s+\w+\s+)?by|(?:encrypted\s+)?password(?:\s+for\s+[\w'@%.-]+)?)\s+(?:password\s+)?=?\s*N?\\*["']()"#,
        Place(super::values::quoted), "not verified: PostgreSQL: ALTER ROLE; MySQL: CREATE USER";
    "sql-password-without-quotes", Secret, ["identified"], r"(?i)\bidentified\s+(?:with\s+\w+\s+)?by\s+(?:values\s+)?()",
        Place(random_value), "not verified: Oracle: CREATE USER";
    "piped-password", Secret, ["--password-stdin"], r#"(?i)\b(?:echo|printf)\s+(?:-n\s+)?\\*["']?([^\s"'|\\]+)\\*["']?\s*\|[^\r\n]{0,200}?--password-stdin"#, Is(not_a_placeholder),
        "not verified: Docker: login";
    "password-of-archive", Secret, ["zip", "openssl", "smb", "rpcclient"],
        r"(?i:\b(?:(?:un|7)?zip|7za?)\b)[^\r\n|;]*?\s-[Pp]\s*()|(?i:\bopenssl\s+\w+)[^\r\n|;]*?\s-(?:k|K)\s+()|(?i:\b(?:smb\w+|rpcclient)\b)[^\r\n|;]*?\s-U\s*[^\s%]+%()",
        Place(value), "not verified: OpenSSL: enc; Samba: smbclient(1); Info-ZIP: zip";
    "secure-string", Secret, ["securestring"], r#"(?i)ConvertTo-SecureString\s+(?:-String\s+)?()"#, Place(value),
        "not verified: Microsoft: ConvertTo-SecureString";
    "xml-secret", Secret, ["</"], r"(?i)<(?:[\w-]+:)?[\w.-]*(?:password|passwd|pwd|passphrase|secret|token|api-?_?key|access-?_?key|account-?_?key|private-?_?key|credential|signature)(?:\s[^<>]*)?>\s*()",
        Place(element), "W3C: XML, start-tags; Apache Maven: settings, servers";
    "oauth-secret-form", Secret, ["secret"], r"(?i)\bclient(?:[_-]|\s)secret\s+()", Place(random_value),
        "RFC 6749, section 2.3.1";
    "bip39-or-wif-key", Secret, ["xprv", "xpub"], r"\b(?:xprv|xpub|yprv|zprv)[1-9A-HJ-NP-Za-km-z]{100,}", Any,
        "not verified: Bitcoin: BIP 32";
};
