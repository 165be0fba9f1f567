//! Tokens of chat, mail, payment, monitoring, AI and office services.

use super::checks::is_discord_token;
use super::kind::Check::{Any, Is, Place};
use super::kind::{Kind, kinds};
use super::shape::{is_long_random, is_mixed, is_random};

/// One row per kind.
pub(super) const KINDS: &[Kind] = kinds! {
    // Chat.
    "slack-token", Secret, ["xox", "xapp-", "xwfp-"], r"xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9%-]{10,}|xapp-[0-9]-[A-Za-z0-9-]{16,}|xwfp-[A-Za-z0-9-]{16,}", Any,
        "https://api.slack.com/authentication/token-types; lengths observed in gitleaks (slack-*)";
    "slack-webhook", Secret, ["hooks.slack"], r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/([A-Za-z0-9/_+-]{16,})", Any,
        "format observed in gitleaks (config/gitleaks.toml: slack-webhook-url); no vendor document found";
    "discord-token", Secret, ["."], r"\b[A-Za-z0-9_-]{23,28}\.[A-Za-z0-9_-]{6,7}\.[A-Za-z0-9_-]{27,}", Place(is_discord_token),
        "format observed in detect-secrets 1.5.0 (plugins/discord.py); no vendor document found";
    "discord-webhook", Secret, ["/api/webhooks/"], r"/api/webhooks/([0-9]{15,}/[A-Za-z0-9_-]{30,})", Any,
        "not verified: Discord: resources, webhook";
    "telegram-token", Secret, [":AA"], r"(?:\bbot)?([0-9]{8,10}:AA[A-Za-z0-9_-]{32,})", Any,
        "https://core.telegram.org/bots/api#authorizing-your-bot (cited by detect-secrets 1.5.0, plugins/telegram_token.py)";
    "google-chat-webhook", Secret, ["chat.googleapis"], r"chat\.googleapis\.com/v1/spaces/([A-Za-z0-9_-]+/messages\?[^\s\x22'<>]+)", Any,
        "not verified: Google: webhooks";
    "automation-webhook", Secret, ["hooks.zapier", "maker.ifttt", "hook.integromat", "hook."], r"(?:hooks\.zapier\.com/hooks/(?:catch|standard)/|maker\.ifttt\.com/(?:trigger|use)/|hook\.[a-z0-9.]*(?:make|integromat)\.com/)([A-Za-z0-9_/-]{10,})", Any,
        "not verified: Zapier: webhooks";
    "logic-app-url", Secret, ["logic.azure", "/triggers/"], r"/triggers/[A-Za-z0-9_-]+/(?:paths/invoke|run)\?([^\s\x22'<>]+)", Any,
        "not verified: Microsoft: securing a logic app";
    "chat-token", Secret, ["intercom", "mattermost", "zoom", "line_", "line-"], r#"(?i)(?:intercom|mattermost|zoom|line[_-]channel)[\w .-]{0,30}\\*["']?\s*[=:]\s*\\*["']?([A-Za-z0-9+/=_]{22,})"#, Is(is_random),
        "format observed in gitleaks (config/gitleaks.toml: mattermost-access-token, intercom-api-key); no vendor document found";
    "facebook-token", Secret, ["EAA"], r"\bEAA[A-Za-z0-9]{60,}", Any,
        "format observed in gitleaks (config/gitleaks.toml: facebook-page-access-token); no vendor document found";
    "x-twitter-token", Secret, ["AAAAAAAAA"], r"A{20,}[A-Za-z0-9%]{50,}", Any,
        "format observed in gitleaks (config/gitleaks.toml: twitter-bearer-token); no vendor document found";
    // Mail and telephony.
    "twilio-id-or-key", Secret, ["AC", "SK"], r"\b(?:AC|SK)[0-9a-f]{32}\b", Any,
        "format observed in detect-secrets 1.5.0 (plugins/twilio.py) and gitleaks (twilio-api-key); no vendor document found";
    "sendgrid-key", Secret, ["SG."], r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{30,}", Any,
        "format observed in detect-secrets 1.5.0 (plugins/sendgrid.py) and gitleaks (sendgrid-api-token); no vendor document found";
    "mailgun-key", Secret, ["key-", "pubkey-", "-"], r"\b(?:pub)?key-[0-9a-f]{32}\b|\b[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}\b", Any,
        "format observed in gitleaks (config/gitleaks.toml: mailgun-private-api-token, mailgun-signing-key); no vendor document found";
    "mailchimp-key", Secret, ["-us"], r"\b[0-9a-f]{32}-us[0-9]{1,2}\b", Any,
        "format observed in detect-secrets 1.5.0 (plugins/mailchimp.py) and gitleaks (mailchimp-api-key); no vendor document found";
    "brevo-key", Secret, ["xkeysib-", "xsmtpsib-"], r"x(?:key|smtp)sib-[0-9a-f]{60,}-[A-Za-z0-9]{16}", Any,
        "format observed in gitleaks (config/gitleaks.toml: sendinblue-api-token); no vendor document found";
    "resend-key", Secret, ["re_"], r"\bre_[A-Za-z0-9]{8}_[A-Za-z0-9]{20,}", Any,
        "not verified: Resend: API reference, introduction";
    "mandrill-key", Secret, ["md-"], r"\bmd-[A-Za-z0-9_-]{22}\b", Is(is_random),
        "not verified: Mailchimp: guides, quick start";
    // Payments and shops.
    "stripe-key", Secret, ["sk_", "rk_", "pk_", "whsec_"], r"(?:[srp]k_(?:live|test|prod)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{20,})", Any,
        "https://docs.stripe.com/keys; lengths: https://gitlab.com/gitlab-org/gitlab/-/issues/458019";
    "square-token", Secret, ["sq0", "EAAA"], r"sq0[a-z]{3}-[A-Za-z0-9_-]{22,}|\bEAAA[A-Za-z0-9_-]{56,}", Any,
        "format observed in detect-secrets 1.5.0 (plugins/square_oauth.py) and gitleaks (square-access-token); no vendor document found";
    "shopify-token", Secret, ["shp"], r"shp(?:at|ca|pa|ss|ua|tka)_[0-9a-fA-F]{32,}", Any,
        "format observed in gitleaks (config/gitleaks.toml: shopify-access-token, shopify-shared-secret); no vendor document found";
    "braintree-token", Secret, ["access_token$"], r"access_token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32}", Any,
        "not verified: PayPal: authorization";
    "plaid-token", Secret, ["access-sandbox-", "access-production-", "access-development-"], r"access-(?:sandbox|development|production)-[0-9a-f-]{36}", Any,
        "format observed in gitleaks (config/gitleaks.toml: plaid-api-token); no vendor document found";
    "razorpay-or-adyen-key", Secret, ["rzp_", "AQE"], r"\brzp_(?:live|test)_[A-Za-z0-9]{14,}|\bAQE[a-z][A-Za-z0-9+/=*_-]{80,}", Any,
        "not verified: Razorpay: API, authentication; Adyen: API credentials";
    "flutterwave-key", Secret, ["FLWSECK", "FLWPUBK"], r"FLW(?:SECK|PUBK)(?:_TEST)?-[0-9A-Za-z]{12,}(?:-X)?", Any,
        "format observed in gitleaks (config/gitleaks.toml: flutterwave-secret-key, flutterwave-public-key); no vendor document found";
    // Monitoring.
    "datadog-key", Secret, ["dd", "datadog", "ddapi"], r#"(?i)(?:datadog|\bdd)[\w .-]{0,30}\\*["']?\s*[=:]\s*\\*["']?([0-9a-f]{32}(?:[0-9a-f]{8})?)\b|\bdd(?:pat|app|sat)_[A-Za-z0-9]{30,}|\bpub[0-9a-f]{32}\b"#, Any,
        "format observed in gitleaks (config/gitleaks.toml: datadog-access-token); no vendor document found";
    "new-relic-key", Secret, ["NR", "NRAL"], r"\bNR(?:AK|AL|RA|JS|II|IQ|BR|MA|SP|AP)-[A-Za-z0-9_-]{16,}|\b[0-9a-f]{36}NRAL|\bNRI[IQ]-[A-Za-z0-9_-]{20,}", Any,
        "https://docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys; formats observed in gitleaks (new-relic-*)";
    "grafana-token", Secret, ["glsa_", "glc_", "eyJrIjoi"], r"glsa_[A-Za-z0-9]{20,}_[0-9a-fA-F]{8}|glc_[A-Za-z0-9+/]{30,}={0,3}|eyJrIjoi[A-Za-z0-9+/]{30,}={0,3}", Any,
        "format observed in gitleaks (config/gitleaks.toml: grafana-service-account-token, grafana-cloud-api-token, grafana-api-key); no vendor document found";
    "pagerduty-key", Secret, ["pagerduty", "pd", "y_", "u+"], r#"(?i)(?:pagerduty|pd)[\w .-]{0,30}\\*["']?\s*[=:]\s*\\*["']?(?:token token=)?([A-Za-z0-9+_-]{20}|[0-9a-f]{32})\b|\bpd(?:us|eu)\+[A-Za-z0-9_-]{20,}|\b(?:u\+|y_)[A-Za-z0-9_-]{18}\b"#, Is(is_random),
        "not verified: PagerDuty: API access keys";
    "sentry-token", Secret, ["sntry", "sentry"], r"sntry[sua]_[A-Za-z0-9+/=_-]{40,}|https?://([0-9a-f]{32})(?::[0-9a-f]{32})?@[A-Za-z0-9.-]*(?:sentry|ingest)[A-Za-z0-9.-]*", Any,
        "format observed in gitleaks (config/gitleaks.toml: sentry-org-token, sentry-user-token); no vendor document found";
    "dynatrace-token", Secret, ["dt0"], r"dt0[a-z][0-9]{2}\.[A-Z0-9]{8,}\.[A-Z0-9]{40,}", Any,
        "https://docs.dynatrace.com/docs/shortlink/api-authentication";
    "splunk-token", Secret, ["splunk"], r"(?i)\bSplunk\s+([A-Za-z0-9^_+/=-]{20,})", Is(is_random),
        "https://help.splunk.com/splunk-enterprise/get-data-in/collect-http-event-data/format-events-for-http-event-collector";
    "honeycomb-key", Secret, ["hcaik_", "hcbik_", "hcalk_", "hcxik_"], r"\bhc[abx](?:i|l|m)k_[A-Za-z0-9_]{30,}", Any,
        "not verified: Honeycomb: manage API keys";
    "opsgenie-key", Secret, ["geniekey"], r"(?i)GenieKey\s+([0-9a-f-]{36})", Any,
        "not verified: Opsgenie: authentication";
    "elastic-key", Secret, ["apikey ", "essu_"], r"(?i)\bApiKey\s+([A-Za-z0-9+/_-]{20,}={0,2})|\bessu_[A-Za-z0-9+/=]{40,}", Is(is_random),
        "https://www.elastic.co/docs/api/elasticsearch/authentication (ApiKey); essu_: format observed in public code";
    "posthog-key", Secret, ["phc_", "phx_", "phs_"], r"\bph[cxs]_[A-Za-z0-9]{40,}", Any,
        "not verified: PostHog: API";
    "launchdarkly-key", Secret, ["sdk-", "mob-", "api-"], r"\b(?:sdk|mob|api)-[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", Any,
        "format observed in gitleaks (config/gitleaks.toml: launchdarkly-access-token); no vendor document found";
    "configcat-key", Secret, ["configcat"], r"configcat-(?:sdk-1|proxy)/[A-Za-z0-9_/-]{22,}", Any,
        "not verified: ConfigCat: sdk reference";
    // AI.
    "openai-key", Secret, ["sk-"], r"\bsk-(?:proj-|svcacct-|admin-|None-|or-v1-|lf-)?[A-Za-z0-9_-]{20,}", Is(is_random),
        "format observed in detect-secrets 1.5.0 (plugins/openai.py) and gitleaks (openai-api-key); no vendor document found";
    "anthropic-key", Secret, ["sk-ant-"], r"sk-ant-[a-z0-9]+-[A-Za-z0-9_-]{20,}", Any,
        "format observed in public code; no vendor document found";
    "hugging-face-token", Secret, ["hf_", "api_org_"], r"\b(?:hf|api_org)_[A-Za-z0-9]{30,}", Any,
        "format observed in gitleaks (config/gitleaks.toml: huggingface-access-token, huggingface-organization-api-token); no vendor document found";
    "ai-service-key", Secret, ["gsk_", "xai-", "pplx-", "r8_", "fw_", "nvapi-", "tgp_", "csk-", "jina_", "tvly-", "lsv2_", "fc-", "pcsk_"],
        r"\b(?:gsk_|xai-|pplx-|r8_|fw_|nvapi-|tgp_v1_|csk-|jina_|tvly-(?:dev-|prod-)?|lsv2_[a-z]+_|fc-|pcsk_)[A-Za-z0-9_-]{20,}", Is(is_random),
        "not verified: Groq: API keys; xAI: overview; Perplexity: API; Replicate: API tokens";
    // Identity, work and design.
    "okta-token", Secret, ["okta", "ssws", "00"], r#"(?i:\bSSWS\s+|okta[\w .-]{0,30}\\*["']?\s*[=:]\s*\\*["']?)([A-Za-z0-9_-]{30,})|\b00[A-Za-z0-9_-]{40}\b"#, Is(is_random),
        "format observed in gitleaks (config/gitleaks.toml: okta-access-token); no vendor document found";
    "sk-key", Secret, ["sk_", "kid_"], r"\bsk_[A-Za-z0-9+/=_-]{24,}", Is(is_random),
        "format observed in gitleaks (config/gitleaks.toml: freemius-secret-key); no vendor document found";
    "linear-key", Secret, ["lin_"], r"lin_(?:api|oauth|wh)_[A-Za-z0-9]{30,}", Any,
        "format observed in gitleaks (config/gitleaks.toml: linear-api-key); no vendor document found";
    "notion-token", Secret, ["ntn_", "secret_"], r"\b(?:ntn_[A-Za-z0-9]{40,}|secret_[A-Za-z0-9]{40,})", Any,
        "not verified: Notion: changelog of the API";
    "figma-token", Secret, ["figd_", "figu_", "figo_"], r"\bfig[duor]h?_[A-Za-z0-9_-]{30,}", Any,
        "not verified: Figma: developers, API, access tokens";
    "airtable-token", Secret, ["pat", "key"], r"\b(?:pat[A-Za-z0-9]{14}\.[0-9a-f]{60,}|key[A-Za-z0-9]{14})\b", Is(is_mixed),
        "format observed in gitleaks (config/gitleaks.toml: airtable-api-key); no vendor document found";
    "asana-token", Secret, ["/"], r#"\b[0-2]/[0-9]{12,}(?:/[0-9]{12,})?:[0-9a-f]{32}"#, Any,
        "format observed in gitleaks (config/gitleaks.toml: asana-client-secret); no vendor document found";
    "typeform-token", Secret, ["tfp_"], r"\btfp_[A-Za-z0-9_.=-]{40,}", Any,
        "format observed in gitleaks (config/gitleaks.toml: typeform-api-token); no vendor document found";
    "contentful-token", Secret, ["CFPAT-"], r"CFPAT-[A-Za-z0-9_-]{40,}", Any,
        "format observed in gitleaks (config/gitleaks.toml: contentful-delivery-api-token); no vendor document found";
    "hubspot-token", Secret, ["pat-na", "pat-eu"], r"\bpat-(?:na|eu|ap)[0-9]-[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", Any,
        "format observed in gitleaks (config/gitleaks.toml: hubspot-api-key); no vendor document found";
    "salesforce-session", Secret, ["00D", "force"], r"\b00D[A-Za-z0-9]{12,15}![A-Za-z0-9._]{80,}", Any,
        "not verified: Salesforce: access tokens";
    "mapbox-token", Secret, ["pk.eyJ", "sk.eyJ", "tk.eyJ"], r"\b[pst]k\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}", Any,
        "format observed in gitleaks (config/gitleaks.toml: mapbox-api-token); no vendor document found";
    "dropbox-token", Secret, ["sl."], r"\bsl\.(?:u\.)?[A-Za-z0-9_-]{60,}", Any,
        "format observed in gitleaks (config/gitleaks.toml: dropbox-short-lived-api-token); no vendor document found";
    "delivery-service-key", Secret, ["fio-u-", "EZ", "live_", "test_"], r"\b(?:fio-u-[A-Za-z0-9_-]{40,}|EZ[AT]K[A-Za-z0-9]{50,}|(?:live|test)_(?:pub_)?[A-Za-z0-9]{30,})", Is(is_random),
        "format observed in gitleaks (config/gitleaks.toml: easypost-api-token, frameio-api-token, lob-api-key); no vendor document found";
    "adobe-secret", Secret, ["p8e-"], r"\bp8e-[A-Za-z0-9-]{30,}", Any,
        "format observed in gitleaks (config/gitleaks.toml: adobe-client-secret); no vendor document found";
    "duffel-or-readme-key", Secret, ["duffel_", "rdme_"], r"\b(?:duffel_(?:live|test)_[A-Za-z0-9_=-]{30,}|rdme_[a-z0-9]{60,})", Any,
        "format observed in gitleaks (config/gitleaks.toml: duffel-api-token, readme-api-token); no vendor document found";
    // Any service: a prefix with the word for a token, and a random part.
    "prefixed-token", Secret, ["_live_", "_test_", "_prod_", "_pat_", "_sat_", "_aat_", "_api_", "_key_", "_sk_", "_tok_", "_token_", "_secret_", "_mmk", "ico-", "dnkey-", "tk-us-"],
        r"\b(?:[a-z][a-z0-9]{1,14}_(?:live|test|prod|pat|sat|aat|api|key|sk|tok|token|secret)_[A-Za-z0-9]{12,}|[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk|ico-[A-Za-z0-9]{32}|dnkey-[A-Za-z0-9=_-]{26,}|tk-us-[\w-]{48})\b", Is(is_long_random),
        "format observed in gitleaks (config/gitleaks.toml: shippo-api-token, settlemint-*, maxmind-license-key, infracost-api-token); no vendor document found";
};
