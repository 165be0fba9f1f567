//! Tokens of chat, mail, payment, monitoring, AI and office services.

use super::checks::is_discord_token;
use super::kind::Check::{Any, Is, Place};
use super::kind::{Kind, kinds};
use super::shape::{is_mixed, is_random};

/// One row per kind.
pub(super) const KINDS: &[Kind] = kinds! {
    // Chat.
    "slack-token", Secret, ["xox", "xapp-", "xwfp-"], r"xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9%-]{10,}|xapp-[0-9]-[A-Za-z0-9-]{16,}|xwfp-[A-Za-z0-9-]{16,}", Any,
        "Slack: authentication, tokens";
    "slack-webhook", Secret, ["hooks.slack"], r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/([A-Za-z0-9/_+-]{16,})", Any,
        "Slack: sending messages using incoming webhooks";
    "discord-token", Secret, ["."], r"\b[A-Za-z0-9_-]{23,28}\.[A-Za-z0-9_-]{6,7}\.[A-Za-z0-9_-]{27,}", Place(is_discord_token),
        "Discord: developers, reference, authentication";
    "discord-webhook", Secret, ["/api/webhooks/"], r"/api/webhooks/([0-9]{15,}/[A-Za-z0-9_-]{30,})", Any,
        "Discord: resources, webhook";
    "telegram-token", Secret, [":AA"], r"(?:\bbot)?([0-9]{8,10}:AA[A-Za-z0-9_-]{32,})", Any,
        "Telegram: bots, API, authorizing your bot";
    "google-chat-webhook", Secret, ["chat.googleapis"], r"chat\.googleapis\.com/v1/spaces/([A-Za-z0-9_-]+/messages\?[^\s\x22'<>]+)", Any,
        "Google: webhooks";
    "automation-webhook", Secret, ["hooks.zapier", "maker.ifttt", "hook.integromat", "hook."], r"(?:hooks\.zapier\.com/hooks/(?:catch|standard)/|maker\.ifttt\.com/(?:trigger|use)/|hook\.[a-z0-9.]*(?:make|integromat)\.com/)([A-Za-z0-9_/-]{10,})", Any,
        "Zapier: webhooks";
    "logic-app-url", Secret, ["logic.azure", "/triggers/"], r"/triggers/[A-Za-z0-9_-]+/(?:paths/invoke|run)\?([^\s\x22'<>]+)", Any,
        "Microsoft: securing a logic app";
    "chat-token", Secret, ["intercom", "mattermost", "zoom", "line_", "line-"], r#"(?i)(?:intercom|mattermost|zoom|line[_-]channel)[\w .-]{0,30}\\*["']?\s*[=:]\s*\\*["']?([A-Za-z0-9+/=_]{22,})"#, Is(is_random),
        "Mattermost: personal access token";
    "facebook-token", Secret, ["EAA"], r"\bEAA[A-Za-z0-9]{60,}", Any,
        "Facebook: access tokens";
    "x-twitter-token", Secret, ["AAAAAAAAA"], r"A{20,}[A-Za-z0-9%]{50,}", Any,
        "X: bearer tokens";
    // Mail and telephony.
    "twilio-id-or-key", Secret, ["AC", "SK"], r"\b(?:AC|SK)[0-9a-f]{32}\b", Any,
        "Twilio: API keys";
    "sendgrid-key", Secret, ["SG."], r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{30,}", Any,
        "Twilio: API keys";
    "mailgun-key", Secret, ["key-", "pubkey-", "-"], r"\b(?:pub)?key-[0-9a-f]{32}\b|\b[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}\b", Any,
        "Mailgun: user manual, get started";
    "mailchimp-key", Secret, ["-us"], r"\b[0-9a-f]{32}-us[0-9]{1,2}\b", Any,
        "Mailchimp: guides, quick start";
    "brevo-key", Secret, ["xkeysib-", "xsmtpsib-"], r"x(?:key|smtp)sib-[0-9a-f]{60,}-[A-Za-z0-9]{16}", Any,
        "Brevo: getting started";
    "resend-key", Secret, ["re_"], r"\bre_[A-Za-z0-9]{8}_[A-Za-z0-9]{20,}", Any,
        "Resend: API reference, introduction";
    "mandrill-key", Secret, ["md-"], r"\bmd-[A-Za-z0-9_-]{22}\b", Is(is_random),
        "Mailchimp: guides, quick start";
    // Payments and shops.
    "stripe-key", Secret, ["sk_", "rk_", "pk_", "whsec_"], r"(?:[srp]k_(?:live|test|prod)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{20,})", Any,
        "Stripe: keys";
    "square-token", Secret, ["sq0", "EAAA"], r"sq0[a-z]{3}-[A-Za-z0-9_-]{22,}|\bEAAA[A-Za-z0-9_-]{56,}", Any,
        "Square: access tokens";
    "shopify-token", Secret, ["shp"], r"shp(?:at|ca|pa|ss|ua|tka)_[0-9a-fA-F]{32,}", Any,
        "Shopify: authentication authorization";
    "braintree-token", Secret, ["access_token$"], r"access_token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32}", Any,
        "PayPal: authorization";
    "plaid-token", Secret, ["access-sandbox-", "access-production-", "access-development-"], r"access-(?:sandbox|development|production)-[0-9a-f-]{36}", Any,
        "Plaid: API, tokens";
    "razorpay-or-adyen-key", Secret, ["rzp_", "AQE"], r"\brzp_(?:live|test)_[A-Za-z0-9]{14,}|\bAQE[a-z][A-Za-z0-9+/=*_-]{80,}", Any,
        "Razorpay: API, authentication; Adyen: API credentials";
    "flutterwave-key", Secret, ["FLWSECK", "FLWPUBK"], r"FLW(?:SECK|PUBK)(?:_TEST)?-[0-9A-Za-z]{12,}(?:-X)?", Any,
        "Flutterwave: authentication";
    // Monitoring.
    "datadog-key", Secret, ["dd", "datadog", "ddapi"], r#"(?i)(?:datadog|\bdd)[\w .-]{0,30}\\*["']?\s*[=:]\s*\\*["']?([0-9a-f]{32}(?:[0-9a-f]{8})?)\b|\bdd(?:pat|app|sat)_[A-Za-z0-9]{30,}|\bpub[0-9a-f]{32}\b"#, Any,
        "Datadog: API app keys";
    "new-relic-key", Secret, ["NR", "NRAL"], r"\bNR(?:AK|AL|RA|JS|II|IQ|BR|MA|SP|AP)-[A-Za-z0-9_-]{16,}|\b[0-9a-f]{36}NRAL|\bNRI[IQ]-[A-Za-z0-9_-]{20,}", Any,
        "New Relic: API keys";
    "grafana-token", Secret, ["glsa_", "glc_", "eyJrIjoi"], r"glsa_[A-Za-z0-9]{20,}_[0-9a-fA-F]{8}|glc_[A-Za-z0-9+/]{30,}={0,3}|eyJrIjoi[A-Za-z0-9+/]{30,}={0,3}", Any,
        "Grafana: service accounts";
    "pagerduty-key", Secret, ["pagerduty", "pd", "y_", "u+"], r#"(?i)(?:pagerduty|pd)[\w .-]{0,30}\\*["']?\s*[=:]\s*\\*["']?(?:token token=)?([A-Za-z0-9+_-]{20}|[0-9a-f]{32})\b|\bpd(?:us|eu)\+[A-Za-z0-9_-]{20,}|\b(?:u\+|y_)[A-Za-z0-9_-]{18}\b"#, Is(is_random),
        "PagerDuty: API access keys";
    "sentry-token", Secret, ["sntry", "sentry"], r"sntry[sua]_[A-Za-z0-9+/=_-]{40,}|https?://([0-9a-f]{32})(?::[0-9a-f]{32})?@[A-Za-z0-9.-]*(?:sentry|ingest)[A-Za-z0-9.-]*", Any,
        "Sentry: auth tokens; Sentry: DSN explainer";
    "dynatrace-token", Secret, ["dt0"], r"dt0[a-z][0-9]{2}\.[A-Z0-9]{8,}\.[A-Z0-9]{40,}", Any,
        "Dynatrace: access tokens";
    "splunk-token", Secret, ["splunk"], r"(?i)\bSplunk\s+([A-Za-z0-9^_+/=-]{20,})", Is(is_random),
        "Splunk: HTTP Event Collector";
    "honeycomb-key", Secret, ["hcaik_", "hcbik_", "hcalk_", "hcxik_"], r"\bhc[abx](?:i|l|m)k_[A-Za-z0-9_]{30,}", Any,
        "Honeycomb: manage API keys";
    "opsgenie-key", Secret, ["geniekey"], r"(?i)GenieKey\s+([0-9a-f-]{36})", Any,
        "Opsgenie: authentication";
    "elastic-key", Secret, ["apikey ", "essu_"], r"(?i)\bApiKey\s+([A-Za-z0-9+/_-]{20,}={0,2})|\bessu_[A-Za-z0-9+/=]{40,}", Is(is_random),
        "Elastic: Elasticsearch API keys";
    "posthog-key", Secret, ["phc_", "phx_", "phs_"], r"\bph[cxs]_[A-Za-z0-9]{40,}", Any,
        "PostHog: API";
    "launchdarkly-key", Secret, ["sdk-", "mob-", "api-"], r"\b(?:sdk|mob|api)-[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", Any,
        "LaunchDarkly: account, API";
    "configcat-key", Secret, ["configcat"], r"configcat-(?:sdk-1|proxy)/[A-Za-z0-9_/-]{22,}", Any,
        "ConfigCat: sdk reference";
    // AI.
    "openai-key", Secret, ["sk-"], r"\bsk-(?:proj-|svcacct-|admin-|None-|or-v1-|lf-)?[A-Za-z0-9_-]{20,}", Is(is_random),
        "OpenAI: API reference, authentication";
    "anthropic-key", Secret, ["sk-ant-"], r"sk-ant-[a-z0-9]+-[A-Za-z0-9_-]{20,}", Any,
        "Anthropic: API";
    "hugging-face-token", Secret, ["hf_", "api_org_"], r"\b(?:hf|api_org)_[A-Za-z0-9]{30,}", Any,
        "Hugging Face: security tokens";
    "ai-service-key", Secret, ["gsk_", "xai-", "pplx-", "r8_", "fw_", "nvapi-", "tgp_", "csk-", "jina_", "tvly-", "lsv2_", "fc-", "pcsk_"],
        r"\b(?:gsk_|xai-|pplx-|r8_|fw_|nvapi-|tgp_v1_|csk-|jina_|tvly-(?:dev-|prod-)?|lsv2_[a-z]+_|fc-|pcsk_)[A-Za-z0-9_-]{20,}", Is(is_random),
        "Groq: API keys; xAI: overview; Perplexity: API; Replicate: API tokens";
    // Identity, work and design.
    "okta-token", Secret, ["okta", "ssws", "00"], r#"(?i:\bSSWS\s+|okta[\w .-]{0,30}\\*["']?\s*[=:]\s*\\*["']?)([A-Za-z0-9_-]{30,})|\b00[A-Za-z0-9_-]{40}\b"#, Is(is_random),
        "Okta: create an API token";
    "sk-key", Secret, ["sk_", "kid_"], r"\bsk_[A-Za-z0-9+/=_-]{24,}", Is(is_random),
        "WorkOS: API keys";
    "linear-key", Secret, ["lin_"], r"lin_(?:api|oauth|wh)_[A-Za-z0-9]{30,}", Any,
        "Linear: GraphQL, personal API keys";
    "notion-token", Secret, ["ntn_", "secret_"], r"\b(?:ntn_[A-Za-z0-9]{40,}|secret_[A-Za-z0-9]{40,})", Any,
        "Notion: changelog of the API";
    "figma-token", Secret, ["figd_", "figu_", "figo_"], r"\bfig[duor]h?_[A-Za-z0-9_-]{30,}", Any,
        "Figma: developers, API, access tokens";
    "airtable-token", Secret, ["pat", "key"], r"\b(?:pat[A-Za-z0-9]{14}\.[0-9a-f]{60,}|key[A-Za-z0-9]{14})\b", Is(is_mixed),
        "Airtable: personal access tokens";
    "asana-token", Secret, ["/"], r#"\b[0-2]/[0-9]{12,}(?:/[0-9]{12,})?:[0-9a-f]{32}"#, Any,
        "Asana: personal access token";
    "typeform-token", Secret, ["tfp_"], r"\btfp_[A-Za-z0-9_.=-]{40,}", Any,
        "Typeform: personal access token";
    "contentful-token", Secret, ["CFPAT-"], r"CFPAT-[A-Za-z0-9_-]{40,}", Any,
        "Contentful: references, authentication";
    "hubspot-token", Secret, ["pat-na", "pat-eu"], r"\bpat-(?:na|eu|ap)[0-9]-[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", Any,
        "HubSpot: private apps";
    "salesforce-session", Secret, ["00D", "force"], r"\b00D[A-Za-z0-9]{12,15}![A-Za-z0-9._]{80,}", Any,
        "Salesforce: access tokens";
    "mapbox-token", Secret, ["pk.eyJ", "sk.eyJ", "tk.eyJ"], r"\b[pst]k\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}", Any,
        "Mapbox: access tokens";
    "dropbox-token", Secret, ["sl."], r"\bsl\.(?:u\.)?[A-Za-z0-9_-]{60,}", Any,
        "Dropbox: OAuth guide";
    "delivery-service-key", Secret, ["fio-u-", "EZ", "live_", "test_"], r"\b(?:fio-u-[A-Za-z0-9_-]{40,}|EZ[AT]K[A-Za-z0-9]{50,}|(?:live|test)_(?:pub_)?[A-Za-z0-9]{30,})", Is(is_random),
        "EasyPost: authentication; Lob: authentication";
    "adobe-secret", Secret, ["p8e-"], r"\bp8e-[A-Za-z0-9-]{30,}", Any,
        "Adobe: guides, authentication";
    "duffel-or-readme-key", Secret, ["duffel_", "rdme_"], r"\b(?:duffel_(?:live|test)_[A-Za-z0-9_=-]{30,}|rdme_[a-z0-9]{60,})", Any,
        "Duffel: API, authentication; ReadMe: reference, authentication";
};
