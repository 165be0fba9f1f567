//! Secrets that are assigned to a name, in any notation: `name=value`, `"name": "value"`, `--name value`, and others.
//!
//! A name counts by its end, so that `token_count` is no secret. Names of passwords and keys are sufficient. After names that
//! also have other meanings, such as `token`, the value must be random.

use super::kind::Check::{Parts, Place};
use super::kind::{Kind, kinds};
use super::prose::{bare, lone_value, prose, stated};
use super::tables;
use super::values::{code, default_value, quoted, random_value, value};

/// One row per kind. The regexes end where the value, or its quote, starts.
pub(super) const KINDS: &[Kind] = kinds! {
    "assigned-password", Secret, ["pass", "pwd", "pw"],
        r#"(?i)(?:passw(?:or)?d|passwort|pass_?phrase|pass_?code|pwd|(?:^|[^a-z])pass|(?:^|[^a-z])pw|[_.-]pass|\w(?-i:Pass))(?:[_-]?(?:text|value|plain|hash|b64|base64|enc|encrypted|old|new|[0-9]{1,2}))?(?:\\*["'`])?[\])]*\s*(?:=>|:=|={1,3}|:)\s*(?:[|>][+-]?[ \t]*\r?\n\s*)?()"#,
        Place(value), "not verified: MITRE: CWE-532, insertion of sensitive information into a log file; Microsoft: connection string syntax";
    "assigned-secret", Secret, ["secret", "credential"],
        r#"(?i)(?:(?:client|app|application|consumer|shared|api|auth|oauth|webhook|signing|user|bot|jwt|hmac|access|token|session|cookie|encryption|master|db|database|aws|azure|slack|stripe|google|github|channel)[ _.-]?secrets?|secret[ _-]?(?:key|value|access[ _-]?key|text|string|id|token|phrase)|credentials?|(?:^|[^a-z])secret)(?:[_-]?(?:b64|base64|[0-9]{1,2}))?(?:\\*["'`])?[\])]*\s*(?:=>|:=|={1,3}|:)\s*(?:[|>][+-]?[ \t]*\r?\n\s*)?()"#,
        Place(super::values::secret_value), "RFC 6749, section 2.3.1; AWS: CLI, configuration files";
    "assigned-key", Secret, ["key"],
        r#"(?i)(?:api|access|account|shared|sharedaccess|private|primary|secondary|master|signing|signature|encryption|decryption|subscription|storage|functions?|host|license|licence|admin|query|workspace|sas|webhook|integration|routing|service|auth|consumer|app|application|deploy|deployment|session|hmac|ssh|client|publish|publishable|write|read|ingest|ingestion|server|bot|user|team|org|project|cosmos(?:db)?|redis|eventhub|servicebus|search|openai|batch|iothub|device|symmetric|security|registration|management|acr|devops|crypto|cipher|aes|rsa|rest|live|test|sdk|push|fcm|map|maps|translator|speech|vision|cognitive|gateway|relay|aws|azure|gcp|google|datadog|dd|newrelic|new_relic|stripe|twilio|sendgrid|mailgun|mailchimp|slack|heroku|cloudflare|algolia|cloudinary|splunk|hec|honeycomb|rollbar|bugsnag|amplitude|segment|mixpanel|intercom|zendesk|okta|shopify|square|paypal|braintree|plaid|anthropic|claude|cohere|mistral|hf|ai|etherscan|infura|alchemy|snyk|sonar|circleci|travis|codecov|npm|nuget|rubygems|cargo|pypi|docker|quay|harbor|artifactory|jfrog|nexus|grafana|pagerduty|opsgenie|sentry|dynatrace|elastic|kibana|logz|loggly|papertrail|sumologic|machine|seal|tls|ssl|pgp|gpg|jwt|hash|base64)[ _.-]?(?:access[ _.-]?)?key(?:[_-]?(?:id|[0-9]{1,2}|b64|base64|value|data))?(?:\\*["'`])?[\])]*\s*(?:=>|:=|={1,3}|:)\s*(?:[|>][+-]?[ \t]*\r?\n\s*)?()"#,
        Place(random_value), "not verified: Microsoft: storage configure connection string; Microsoft: data collector API";
    "assigned-token", Secret, ["token", "jwt", "auth", "bearer", "_pat", "signature", "sig", "session", "sid", "webhook", "nonce", "csrf", "xsrf", "sas", "cookie", "salt", "private", "kubeconfig", "-data", "dsn"],
        r#"(?i)(?:token|jwt|(?:^|[^a-z])auth|authkey|bearer|[_-]pat|accesspat|sharedaccesssignature|(?:^|[^a-z])sas|signature|(?:^|[^a-z])sig|session(?:[_.-]?id)?|sess_?id|sess(?:ion)?_?key|(?:^|[^a-z])sid|webhook(?:[_-]?url)?|nonce|csrf(?:[_-]?token)?|xsrf(?:[_-]?token)?|(?:^|[^a-z])salt|client-key-data|client-certificate-data|certificate-authority-data|erlang_?cookie)(?:[_-]?(?:b64|base64|value|string|[0-9]{1,2}))?(?:\\*["'`])?[\])]*\s*(?:=>|:=|={1,3}|:)\s*(?:[|>][+-]?[ \t]*\r?\n\s*)?()"#,
        Place(random_value), "RFC 6749, section 1.4; Kubernetes: organize cluster access kubeconfig";
    "assigned-code", Secret, ["pin", "otp", "cvv", "cvc", "mfa", "2fa", "verification", "passcode", "one-time", "security code"],
        r#"(?i)(?:(?:(?:^|[^a-z])(?:pin|otp|totp|cvv2?|cvc2?|csc)(?:[ _-]?code)?|(?:mfa|2fa|verification|security|one[ _-]time|auth(?:entication)?|sms|device|user|pass|access)[ _-]?(?:code|pin|passcode|password))(?:\\*["'])?\s*(?:=|:|\bis\b)|\b(?:cvv2?|cvc2?)\b)\s*\\*["']?()"#,
        Place(code), "RFC 6238";
    "word-with-secret", Secret, ["requirepass", "masterauth", "community", "psk", "pre-shared", "pre_shared", "mnemonic", "phrase"],
        r#"(?i)\b(?:requirepass|masterauth|(?:snmp-server\s+|ro|rw|trap)community|(?:wpa[_-])?psk|pre[-_]shared[-_]key|mnemonic|(?:seed|recovery|backup)[ _-]?phrase)(?:\\*["'])?\s*(?:=>|[:=])?\s*()"#,
        Place(value), "not verified: Redis: configuration; Net-SNMP: snmpd.conf(5); Bitcoin: BIP 39";
    "secret-of-command", Secret, ["config set"],
        r"(?i)\bconfig\s+set\b[^\r\n]{0,80}?--secret\s+[\w:.-]+\s+()",
        Place(value), "not verified: Pulumi: config set";
    "option-secret", Secret, ["-"],
        r#"(?i)(?:^|[\s"'\[,(;/])(?:--?|/)[\w-]*(?:password|passwd|pwd|pass(?:phrase|code)?|secret|token|api-?key|account-?key|access-?key|secret-?key|private-?key|sas|client-?secret|credential|auth)(?:\\*["'])?(?:[ \t]+|\s*,\s*)()"#,
        Place(super::values::option_value), "POSIX: utility conventions; Microsoft: Azure CLI, tips";
    "named-value", Secret, ["name", "key"],
        r#"(?i)\b(?:name|key|id|header|field|var(?:iable)?)(?:\\*["'])?\s*[:=]\s*\\*["']?[\w.-]*(?:passw(?:or)?d|pwd|pass|secret|token|api[_-]?key|access[_-]?key|account[_-]?key|private[_-]?key|secret[_-]?key|credentials?|authorization|cookie|connection_?string|_key|_auth|_pat|_sas)\\*["']?\s*[,;]?\s*(?:\\*["'])?\bvalue(?:\\*["'])?\s*[:=]\s*()"#,
        Place(value), "not verified: Kubernetes: define environment variable container; W3C: HTTP Archive (HAR) format";
    "listed-value", Secret, ["pass", "secret", "token", "key", "auth", "pwd", "cookie"],
        r#"(?i)["'](?:[\w.-]*[_.-])?(?:password|passwd|pwd|pass(?:phrase)?|(?:client|api|app)[_-]?secret|secret|token|x-[\w-]*(?:token|key)|api[_-]?key|account[_-]?key|secret[_-]?key|authorization|cookie)\\*["']\s*(?:,|->|\|)\s*()\\*["']"#,
        Place(random_value), "not verified: Python: mapping types";
    "secret-on-next-line", Secret, ["pass", "secret", "token", "key", "pwd"],
        r#"(?i)(?:^|[^a-z])(?:password|passwd|pwd|passphrase|passcode|secret|token|(?:api|access|account|secret|private|shared|primary|storage|subscription|master|connection)[ \t_-]?key|credentials?|secret access key|secret value)[ \t]*(?:\([^()\r\n]{0,40}\))?[ \t*"':=-]*(?:\r?\n|\\r\\n|\\n)[ \t]*(?:(?:\r?\n|\\n)[ \t]*)?()"#,
        Place(lone_value), "format observed in console output of Azure and of command-line tools; no vendor document found";
    "stated-secret", Secret, ["pass", "secret", "token", "key", "pwd"],
        r#"(?i)\b(?:password|passwd|passphrase|passcode|secret|token|(?:api|access|account|secret|private|storage)[ _-]?key)(?:\s+(?:for|of)(?:\s+[\w@.\\-]+){1,4}?)?\s+(?:is|was|equals|to|value|of|changed to|set to|=|:)\s*[:=]?\s*()"#,
        Place(stated), "format observed in log lines and tickets; MITRE: CWE-532, insertion of sensitive information into a log file";
    "bare-secret", Secret, ["pass", "pwd", "secret", "token"],
        r#"(?i)\b(?:password|passwd|pwd|passphrase|secret|token)[ \t]+[\[(]?()"#,
        Place(bare), "format observed in log lines and tickets; MITRE: CWE-532, insertion of sensitive information into a log file";
    "passed-secret", Secret, ["pass", "pwd", "secret", "token", "key", "credential"],
        r#"(?i)(?:(?:set|with|use|add|put)_?\w{0,20}?(?:password|passwd|pwd|passphrase|secret|token|api_?key|account_?key)|credentials?)\(\s*(?:\\*["'][^"'\\\r\n]{0,64}\\*["']\s*,\s*)?\\*["']()"#,
        Place(quoted), "not verified: Microsoft: System.Net.NetworkCredential";
    "default-secret", Secret, ["pass", "pwd", "secret", "token", "key"],
        r#"(?i)(?:password|passwd|pwd|passphrase|secret|token|(?:api|access|account|secret)_?key)\b[^\r\n"']{0,40}(?:getenv|environ|env|process|config)[^\r\n]{0,60}?(?:\bor\b|\|\||\?\?|\),)\s*\\*["']()"#,
        Place(quoted), "not verified: Python: os.environ; MDN: nullish coalescing operator";
    "default-of-variable", Secret, ["${"],
        r"(?i)\$\{[\w.-]*(?:password|passwd|pwd|passphrase|secret|token|key|credential)[\w.-]*:[-=?]?()",
        Place(default_value), "POSIX: shell command language, parameter expansion; Spring: placeholder default values";
    "secret-column", Secret, ["pass", "pwd", "secret", "token", "key"],
        r"(?im)^()[^\r\n]{0,400}(?:pass|pwd|secret|token|key)",
        Parts(tables::values), "RFC 4180, section 2; GitHub Flavored Markdown: tables";
    "user-and-password", Secret, ["credential", "login", "pass"],
        r#"(?i)\b(?:credentials?|login|user(?:name)?[/:]pass(?:word)?)\s*[:=]?\s+[\w.@-]+\s?[:/]\s?()"#,
        Place(prose), "not verified: MITRE: CWE-532, insertion of sensitive information into a log file";
};
