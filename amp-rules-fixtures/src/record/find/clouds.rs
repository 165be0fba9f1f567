//! Keys and tokens of cloud platforms.

use super::checks::is_not_a_digest;
use super::kind::Check::{Any, Is, Place};
use super::kind::{Kind, kinds};
use super::shape::is_random;
use super::values::random_value;

/// One row per kind.
pub(super) const KINDS: &[Kind] = kinds! {
    // Amazon Web Services.
    "aws-access-key-id", Secret, ["AKIA", "ASIA", "ABIA", "ACCA"], r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16,}", Any,
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers";
    "aws-unique-id", Account, ["AIDA", "AROA", "AGPA", "AIPA", "ANPA", "ANVA", "ASCA", "APKA"],
        r"\b(?:AIDA|AROA|AGPA|AIPA|ANPA|ANVA|ASCA|APKA)[A-Z0-9]{16,}", Any,
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers";
    "aws-secret-key", Secret, ["aws", "secret"], r#"(?i)(?:aws|secret)[\w .-]{0,30}(?:key|secret)[\w .-]{0,10}\\*["']?\s*(?:=>|[=:,])\s*\\*["']?([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+]|$)"#,
        Any, "format observed in detect-secrets 1.5.0 (plugins/aws.py); no vendor document found";
    "aws-session-token", Secret, ["IQoJb3JpZ2lu", "FwoGZXIvYXdz", "FQoGZXIvYXdz", "FQoDYXdz"],
        r"(?:IQoJb3JpZ2lu|F[wQ]oGZXIvYXdz|FQoDYXdz)[A-Za-z0-9+/_=-]{16,}", Any,
        "not verified: AWS: API Credentials";
    "aws-bedrock-key", Secret, ["ABSK", "bedrock-api-key-"], r"ABSK[A-Za-z0-9+/]{40,}={0,2}|bedrock-api-key-[A-Za-z0-9+/=_.-]{16,}", Any,
        "not verified: AWS: API keys";
    "aws-mws-token", Secret, ["amzn.mws."], r"amzn\.mws\.[0-9a-f-]{36}", Any,
        "not verified: Amazon: Selling Partner API, registration overview";
    "amazon-oauth-secret", Secret, ["amzn1.oa2-cs"], r"amzn1\.oa2-cs\.v1\.[0-9a-f]{32,}", Any,
        "not verified: Amazon: security profile";
    "aws-account", Account, ["arn:aws"], r"arn:aws[a-z-]*:[a-z0-9-]*:[a-z0-9-]*:([0-9]{12})\b", Any,
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers";
    // Google Cloud.
    "google-api-key", Secret, ["AIza"], r"AIza[A-Za-z0-9_-]{30,}", Any,
        "https://learn.microsoft.com/purview/sit-defn-google-api-key; https://cloud.google.com/docs/authentication/api-keys";
    "google-oauth-secret", Secret, ["GOCSPX-"], r"GOCSPX-[A-Za-z0-9_-]{20,}", Any,
        "format observed in public code; no vendor document found";
    "google-oauth-token", Secret, ["ya29.", "ya29%", "1//0"], r"ya29\.[A-Za-z0-9._-]{20,}|\b1//0[A-Za-z0-9_-]{30,}", Any,
        "not verified: Google: OAuth 2.0, size";
    "google-oauth-client", Account, [".apps.googleusercontent.com"], r"[0-9]{6,}-[a-z0-9]{20,}\.apps\.googleusercontent\.com", Any,
        "not verified: Google: OAuth 2.0, web server";
    "google-hmac-key", Secret, ["GOOG"], r"\bGOOG[A-Z0-9]{19,}", Any,
        "https://docs.cloud.google.com/sdk/gcloud/reference/storage/hmac/describe";
    "google-service-account-key", Secret, ["private_key_id"], r#"private_key_id\\*["']?\s*[:=]\s*\\*["']?([0-9a-f]{40})"#, Any,
        "not verified: Google Cloud: keys create delete";
    "firebase-messaging-key", Secret, [":APA91b"], r"[A-Za-z0-9_-]{7,}:APA91b[A-Za-z0-9_-]{100,}", Any,
        "not verified: Firebase: auth server";
    // Azure. Keys with a signature in the middle: <https://github.com/microsoft/security-utilities>.
    "entra-client-secret", Secret, ["Q~"], r"[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{28,}", Any,
        "https://github.com/microsoft/security-utilities, GeneratedRegexPatterns/PreciselyClassifiedSecurityKeys.json: SEC101/156";
    "azure-signed-key", Secret, ["JQQJ9"], r"[A-Za-z0-9]{40,}JQQJ9[A-Za-z0-9]{16,}={0,2}", Any,
        "https://github.com/microsoft/security-utilities, GeneratedRegexPatterns/PreciselyClassifiedSecurityKeys.json: SEC101/200";
    "azure-64-byte-key", Secret, ["+ASt", "ACDb", "+ABa", "+AMC", "APIM"], r"[A-Za-z0-9+/]{70,}(?:\+ASt|ACDb|\+ABa|\+AMC|APIM)[A-Za-z0-9+/]{5,}={0,2}", Any,
        "https://github.com/microsoft/security-utilities, GeneratedRegexPatterns/PreciselyClassifiedSecurityKeys.json: SEC101/152, 160, 163, 170, 181 to 184";
    "azure-32-byte-key", Secret, ["+ASb", "+AEh", "+ARm", "AIoT", "AzCa", "AZEG", "AzEG"],
        r"[A-Za-z0-9+/]{30,}(?:\+ASb|\+AEh|\+ARm|AIoT|AzCa|AZEG|AzEG)[A-Za-z0-9+/]{5,}={0,2}", Any,
        "https://github.com/microsoft/security-utilities, GeneratedRegexPatterns/PreciselyClassifiedSecurityKeys.json: SEC101/154, 171 to 173, 178 to 180, 190";
    "azure-registry-password", Secret, ["+ACR"], r"[A-Za-z0-9+/]{38,}\+ACR[A-Za-z0-9+/]{5,}", Any,
        "https://github.com/microsoft/security-utilities, GeneratedRegexPatterns/PreciselyClassifiedSecurityKeys.json: SEC101/176";
    "azure-functions-key", Secret, ["AzFu"], r"[A-Za-z0-9_-]{40,}AzFu[A-Za-z0-9_-]{5,}={0,2}", Any,
        "https://github.com/microsoft/security-utilities, GeneratedRegexPatterns/PreciselyClassifiedSecurityKeys.json: SEC101/158";
    "azure-search-key", Secret, ["AzSe"], r"[A-Za-z0-9]{38,}AzSe[A-Za-z0-9]{5,}", Any,
        "https://github.com/microsoft/security-utilities, GeneratedRegexPatterns/PreciselyClassifiedSecurityKeys.json: SEC101/166, 167";
    "azure-base64-64-byte-key", Secret, ["=="], r"(?:^|[^A-Za-z0-9+/=])([A-Za-z0-9+/]{86}==)", Is(is_random),
        "https://github.com/microsoft/security-utilities, GeneratedRegexPatterns/PreciselyClassifiedSecurityKeys.json: SEC101/104, 106";
    "azure-base64-32-byte-key", Secret, ["="], r"(?:^|[^A-Za-z0-9+/=-])([A-Za-z0-9+/]{43}=)", Place(is_not_a_digest),
        "https://github.com/microsoft/security-utilities, GeneratedRegexPatterns/PreciselyClassifiedSecurityKeys.json: SEC101/105";
    "azure-devops-token", Secret, ["AZDO"], r"[A-Za-z0-9]{70,}AZDO[A-Za-z0-9]{4,}", Any,
        "https://learn.microsoft.com/purview/sit-defn-azure-devops-personal-access-token";
    "azure-devops-legacy-token", Secret, [], r"\b[a-z2-7]{52}\b", Is(is_random),
        "https://github.com/microsoft/security-utilities, GeneratedRegexPatterns/PreciselyClassifiedSecurityKeys.json: SEC101/102";
    "azure-refresh-token", Secret, ["0.A", "1.A", "M.C", "0.a"], r"\b(?:[01]\.A[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_.-]{20,}|[01]\.A[RTVWXY][A-Za-z0-9_-]{60,}|M\.C[0-9]+_[A-Z0-9]+\.[0-9A-Za-z!*$._-]{30,})", Any,
        "not verified: Microsoft: refresh tokens";
    "sas-signature", Secret, ["sig"], r"(?i)\bsig(?:=|%3d|\\u003d)()", Place(super::values::parameter),
        "not verified: Microsoft: create service SAS";
    "azure-webpubsub-key", Secret, ["accesskey"], r"(?i)\baccesskey=([A-Za-z0-9+/]{20,}={0,2})", Any,
        "not verified: Microsoft: SignalR, connection strings";
    "teams-webhook", Secret, ["webhook.office", "/webhookb2/"], r"webhookb2/([A-Za-z0-9@/%.-]{30,})", Any,
        "format observed in gitleaks (config/gitleaks.toml: microsoft-teams-webhook); no vendor document found";
    // Others.
    "alibaba-access-key", Secret, ["LTAI"], r"LTAI[A-Za-z0-9]{12,}", Any,
        "format observed in gitleaks (config/gitleaks.toml: alibaba-access-key-id); no vendor document found";
    "tencent-secret-id", Secret, ["AKID", "IKID"], r"\b[AI]KID[A-Za-z0-9]{32,}", Any,
        "not verified: Tencent Cloud: access keys";
    "digitalocean-token", Secret, ["dop_v1_", "doo_v1_", "dor_v1_"], r"do[opr]_v1_[0-9a-f]{32,}", Any,
        "format observed in gitleaks (config/gitleaks.toml: digitalocean-pat, digitalocean-access-token, digitalocean-refresh-token); no vendor document found";
    "digitalocean-spaces-key", Secret, ["DO00", "DO80"], r"\bDO(?:00|80)[A-Z0-9]{16,}", Any,
        "not verified: DigitalOcean: manage access";
    "heroku-key", Secret, ["HRKU-"], r"HRKU-[A-Za-z0-9_-]{30,}", Any,
        "format observed in gitleaks (config/gitleaks.toml: heroku-api-key); no vendor document found";
    "cloudflare-origin-key", Secret, ["v1.0-"], r"\bv1\.0-[0-9a-f]{24}-[0-9a-f]{60,}", Any,
        "format observed in gitleaks (config/gitleaks.toml: cloudflare-origin-ca-key); no vendor document found";
    "cloudflare-token", Secret, ["cfut_", "cfat_", "cfk_"], r"\bcf(?:ut|at|k)_[A-Za-z0-9_-]{30,}", Any,
        "https://developers.cloudflare.com/fundamentals/api/get-started/token-formats";
    "cloudflare-key", Secret, ["cloudflare", "cf_", "cf-", "x-auth-key"], r#"(?i)(?:cloudflare|\bcf[_-])[\w .-]{0,30}\\*["']?\s*[=:]\s*\\*["']?(?:bearer )?()"#, Place(random_value),
        "format observed in gitleaks (config/gitleaks.toml: cloudflare-api-key, cloudflare-global-api-key); no vendor document found";
    "scaleway-key", Secret, ["SCW"], r"\bSCW[A-Z0-9]{17}\b", Is(is_random),
        "not verified: Scaleway: create API keys";
    "linode-token", Secret, ["linode"], r#"(?i)linode[\w .-]{0,30}\\*["']?\s*[=:]\s*\\*["']?([0-9a-f]{64})"#, Any,
        "not verified: Akamai: reference, get started";
    "ovh-key", Secret, ["ovh"], r#"(?i)ovh[\w .-]{0,40}(?:key|secret)\\*["']?\s*[=:]\s*\\*["']?([0-9A-Za-z]{16,})"#, Any,
        "not verified: OVHcloud: getting started with the API";
    "flyio-token", Secret, ["FlyV1", "fo1_", "fm1", "fm2_"], r"(?:FlyV1 )?\b(?:fm[12][ar]?_[A-Za-z0-9+/_,=-]{40,}|fo1_[A-Za-z0-9_-]{30,})", Any,
        "format observed in gitleaks (config/gitleaks.toml: flyio-access-token); no vendor document found";
    "akamai-token", Secret, ["akab-", "akaa-"], r"aka[ab]-[A-Za-z0-9]{16}-[A-Za-z0-9]{16}", Any,
        "not verified: Akamai: edgegrid";
    "yandex-key", Secret, ["AQVN", "YCA", "t1.9eu", "y0_"], r"\b(?:AQVN[A-Za-z0-9_-]{35,}|YC[AN][A-Za-z0-9_-]{22,}|t1\.9eu[A-Za-z0-9_.=-]{60,}|y[0-6]_[A-Za-z0-9_-]{40,})", Is(is_random),
        "format observed in gitleaks (config/gitleaks.toml: yandex-access-token, yandex-api-key, yandex-aws-access-token); no vendor document found";
    "ibm-cloud-key", Secret, ["ibm", "bluemix"], r#"(?i)(?:ibm|bluemix)[\w .-]{0,40}\\*["']?\s*[=:]\s*\\*["']?([A-Za-z0-9_-]{44})\b"#, Any,
        "format observed in detect-secrets 1.5.0 (plugins/ibm_cloud_iam.py); no vendor document found";
    "oracle-cloud-id", Id, ["ocid1."], r"ocid1\.[a-z0-9]+\.[a-z0-9]+\.[a-z0-9-]*\.(?:[a-z0-9-]*\.)?[a-z0-9]{40,}", Any,
        "https://docs.oracle.com/iaas/Content/General/Concepts/identifiers.htm";
    "supabase-key", Secret, ["sbp_", "sb_secret_", "sb_publishable_"], r"\b(?:sbp_[0-9a-f]{36,}|sb_(?:secret|publishable)_[A-Za-z0-9_-]{20,})", Any,
        "https://supabase.com/docs/guides/getting-started/api-keys (sb_…); sbp_: format observed in public code";
    "vercel-token", Secret, ["vcp_", "vck_", "vci_", "vca_", "vcr_"], r"\bvc[pkiar]_[A-Za-z0-9]{20,}", Any,
        "not verified: Vercel: REST API, authentication";
    "netlify-token", Secret, ["nfp_", "nfc_", "nfo_", "nfu_"], r"\bnf[pcou]_[A-Za-z0-9]{30,}", Any,
        "format observed in gitleaks (config/gitleaks.toml: netlify-access-token); no vendor document found";
    "planetscale-token", Secret, ["pscale_"], r"pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.=-]{30,}", Any,
        "format observed in gitleaks (config/gitleaks.toml: planetscale-api-token, planetscale-oauth-token, planetscale-password); no vendor document found";
    "neon-key", Secret, ["napi_", "npg_"], r"\b(?:napi_[a-z0-9]{40,}|npg_[A-Za-z0-9]{10,})", Any,
        "not verified: Neon: API keys";
    "render-key", Secret, ["rnd_"], r"\brnd_[A-Za-z0-9]{20,}", Any,
        "not verified: Render: API";
    "pulumi-token", Secret, ["pul-"], r"\bpul-[0-9a-f]{40}", Any,
        "format observed in gitleaks (config/gitleaks.toml: pulumi-api-token); no vendor document found";
};
