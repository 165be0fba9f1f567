//! Tokens of code hosts, package registries, build and infrastructure services.

use super::blocks::vault;
use super::checks::is_bootstrap_token;
use super::kind::Check::{Any, Is, Place};
use super::kind::{Kind, kinds};
use super::shape::is_random;

/// One row per kind.
pub(super) const KINDS: &[Kind] = kinds! {
    // Code hosts.
    "github-token", Secret, ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], r"gh[pousr]_[A-Za-z0-9_]{20,}(?:\.[A-Za-z0-9_-]{8,})*", Any,
        "https://github.blog/changelog/2021-03-31-authentication-token-format-updates-are-generally-available";
    "github-fine-grained-token", Secret, ["github_pat_"], r"github_pat_[A-Za-z0-9_]{22,}", Any,
        "format observed in a public validator (https://gist.github.com/magnetikonline/073afe7909ffdd6f10ef06a00bc3bc88); no vendor document found";
    "gitlab-token", Secret, ["gl", "GR1348941"],
        r"(?:glpat|gldt|glrt|glrtr|glcbt|glptt|glft|glimt|glagent|glsoat|gloas|glffct|glwt)-[A-Za-z0-9_.-]{16,}|GR1348941[A-Za-z0-9_-]{16,}|_gitlab_session=[0-9a-z]{32}", Any,
        "https://gitlab.com/gitlab-org/gitlab/-/issues/388379; https://gitlab.com/gitlab-org/gitlab/-/merge_requests/138438";
    "bitbucket-token", Secret, ["ATBB", "ATCTT3", "BBDC-"], r"ATBB[A-Za-z0-9_=-]{24,}|ATCTT3[A-Za-z0-9_=-]{60,}|BBDC-[A-Za-z0-9+/@_-]{30,}", Any,
        "not verified: Atlassian: app passwords; Atlassian: HTTP access tokens";
    "atlassian-token", Secret, ["ATATT3", "ATOA", "ATSTT"], r"(?:ATATT3|ATOAT?|ATSTT)[A-Za-z0-9_=-]{40,}", Any,
        "format observed in gitleaks (config/gitleaks.toml: atlassian-api-token); no vendor document found";
    "jira-legacy-token", Secret, ["jira", "atlassian", "confluence"], r#"(?i)(?:jira|atlassian|confluence)[\w .-]{0,30}\\*["']?\s*[=:]\s*\\*["']?([A-Za-z0-9]{24}|[A-Za-z0-9+/]{44})\b"#, Is(is_random),
        "format observed in gitleaks (config/gitleaks.toml: atlassian-api-token); no vendor document found";
    "sourcegraph-token", Secret, ["sgp_", "slk_"], r"\b(?:sgp_(?:[0-9a-f]{16}_|local_)?[0-9a-f]{40}|slk_[0-9a-f]{64})", Any,
        "format observed in gitleaks (config/gitleaks.toml: sourcegraph-access-token); no vendor document found";
    // Package registries.
    "npm-token", Secret, ["npm_"], r"npm_[A-Za-z0-9]{30,}", Any,
        "https://docs.npmjs.com/about-access-tokens/ (prefix: https://github.com/secretlint/secretlint/issues/200)";
    "npmrc-token", Secret, [":_auth", ":_password"], r#"(?i):_(?:authToken|auth|password)\s*=\s*["']?([^\s"']{4,})"#, Is(super::values::not_a_placeholder),
        "format observed in detect-secrets 1.5.0 (plugins/npm.py); no vendor document found";
    "pypi-token", Secret, ["pypi-"], r"pypi-A[A-Za-z0-9_-]{40,}", Any,
        "format observed in detect-secrets 1.5.0 (plugins/pypi_token.py) and gitleaks (pypi-upload-token); no vendor document found";
    "rubygems-token", Secret, ["rubygems_"], r"rubygems_[0-9a-f]{40,}", Any,
        "format observed in gitleaks (config/gitleaks.toml: rubygems-api-token); no vendor document found";
    "crates-io-token", Secret, ["cio"], r"\bcio[A-Za-z0-9]{32}\b", Is(is_random),
        "not verified: Cargo: publishing; crates.io: source code";
    "nuget-key", Secret, ["oy2"], r"\boy2[a-z2-7]{43}\b", Any,
        "https://github.com/microsoft/security-utilities, GeneratedRegexPatterns/PreciselyClassifiedSecurityKeys.json: SEC101/030";
    "docker-hub-token", Secret, ["dckr_"], r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}", Any,
        "format observed in public code; no vendor document found";
    "artifactory-key", Secret, ["AKC", "AP", "cmVmdGtu"], r"\b(?:AKC[a-zA-Z0-9]{60,}|AP[0-9A-F][A-Za-z0-9]{30,}|cmVmdGtu[A-Za-z0-9+/_-]{40,}={0,2})", Is(is_random),
        "format observed in detect-secrets 1.5.0 (plugins/artifactory.py) and gitleaks (jfrog-api-key); no vendor document found";
    "clojars-token", Secret, ["CLOJARS_"], r"(?i)CLOJARS_[a-z0-9]{50,}", Any,
        "format observed in gitleaks (config/gitleaks.toml: clojars-api-token); no vendor document found";
    "packagist-token", Secret, ["packagist_"], r"packagist_[a-z]+_[0-9a-f]{40,}", Any,
        "not verified: Packagist: authentication tokens";
    // Infrastructure and builds.
    "vault-token", Secret, ["hvs.", "hvb.", "hvr."], r"hv[sbr]\.[A-Za-z0-9_-]{20,}", Any,
        "format observed in gitleaks (config/gitleaks.toml: vault-service-token, vault-batch-token); no vendor document found";
    "vault-legacy-token", Secret, ["s.", "b.", "r."], r"(?:^|[^A-Za-z0-9_.-])([sbr]\.[A-Za-z0-9]{24})\b", Is(is_random),
        "https://developer.hashicorp.com/vault/docs/upgrading/upgrade-to-1.0.0";
    "terraform-token", Secret, [".atlasv1."], r"[A-Za-z0-9]{10,}\.atlasv1\.[A-Za-z0-9_=-]{40,}", Any,
        "format observed in gitleaks (config/gitleaks.toml: hashicorp-tf-api-token); no vendor document found";
    "boundary-token", Secret, ["at_"], r"\bat_[A-Za-z0-9]{10}_s[A-Za-z0-9]{40,}", Any,
        "not verified: HashiCorp: permissions";
    "doppler-token", Secret, ["dp."], r"\bdp\.(?:pt|st|ct|sa|scim|audit|said)\.(?:[a-z0-9_-]+\.)?[A-Za-z0-9]{30,}", Any,
        "format observed in gitleaks (config/gitleaks.toml: doppler-api-token); no vendor document found";
    "onepassword-token", Secret, ["ops_eyJ"], r"ops_eyJ[A-Za-z0-9+/_-]{40,}={0,3}", Any,
        "format observed in gitleaks (config/gitleaks.toml: 1password-service-account-token); no vendor document found";
    "onepassword-secret-key", Secret, ["A3-"], r"\bA3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}", Any,
        "not verified: 1Password: secret key security";
    "infisical-token", Secret, ["st."], r"\bst\.[0-9a-f]{24}\.[0-9a-f]{32}\.[0-9a-f]{32}", Any,
        "not verified: Infisical: platform, token";
    "kubernetes-bootstrap-token", Secret, ["."], r"\b[a-z0-9]{6}\.[a-z0-9]{16}\b", Place(is_bootstrap_token),
        "https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens";
    "rancher-token", Secret, ["token-", "kubeconfig-", "kubectl-shell-", "agent-", "telemetry-", "drain-node-"],
        r"\b(?:(?:compose-|helm-)?token|kubeconfig(?:-u)?|kubectl-shell|agent|telemetry|drain-node)-[a-z0-9-]{5,}:([a-z0-9]{54})", Any,
        "https://ranchermanager.docs.rancher.com/v2.9/api/api-tokens (the names); the length of the secret: format observed in public code";
    "openshift-token", Secret, ["sha256~"], r"sha256~[A-Za-z0-9_-]{40,}", Any,
        "format observed in gitleaks (config/gitleaks.toml: openshift-user-token); no vendor document found";
    "swarm-token", Secret, ["SWMTKN-", "SWMKEY-"], r"SWM(?:TKN-1-[0-9a-z]{40,}-[0-9a-z]{20,}|KEY-1-[A-Za-z0-9+/]{40,})", Any,
        "format observed in public command lines; no vendor document found";
    "tailscale-key", Secret, ["tskey-"], r"tskey-[a-z]+-[A-Za-z0-9_-]{10,}", Any,
        "https://tailscale.com/kb/1277/key-prefixes";
    "wireguard-key", Secret, ["PrivateKey", "PresharedKey"], r"(?i)P(?:rivate|reshared)Key\s*=\s*([A-Za-z0-9+/]{42,}=?)", Any,
        "not verified: WireGuard: wg(8)";
    "ngrok-token", Secret, ["ngrok"], r#"(?i)ngrok[\w .-]{0,30}[\s=:]+["']?([A-Za-z0-9]{20,}_[A-Za-z0-9]{20,})"#, Any,
        "not verified: ngrok: config";
    "circleci-token", Secret, ["CCIPAT_", "CCIPRJ_"], r"CCI(?:PAT|PRJ)_[A-Za-z0-9]{10,}_[0-9a-f]{30,}", Any,
        "https://circleci.com/changelog/new-format-for-api-access-tokens";
    "buildkite-token", Secret, ["bkua_", "bkaa_", "bkaj_", "bkct_", "bkpt_", "bkpat_"], r"\bbk(?:ua|aa|aj|ct|pt|pat)_[A-Za-z0-9_.-]{30,}", Any,
        "https://buildkite.com/docs/platform/security/tokens";
    "harness-token", Secret, ["pat.", "sat."], r"\b[ps]at\.[A-Za-z0-9_-]{22}\.[0-9a-f]{24}\.[A-Za-z0-9]{20}", Any,
        "format observed in gitleaks (config/gitleaks.toml: harness-api-key); no vendor document found";
    "sonar-token", Secret, ["sqp_", "squ_", "sqa_", "sqb_"], r"\bsq[puab]_[0-9a-f]{40}", Any,
        "format observed in gitleaks (config/gitleaks.toml: sonar-api-token); no vendor document found";
    "snyk-token", Secret, ["snyk"], r#"(?i)snyk[\w .-]{0,30}\\*["']?\s*[=:]\s*\\*["']?([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})|snyk_(?:uat|sat)\.[0-9a-z]+\.[A-Za-z0-9_.-]{40,}"#, Any,
        "format observed in gitleaks (config/gitleaks.toml: snyk-api-token); no vendor document found";
    "semgrep-codecov-token", Secret, ["semgrep", "codecov"], r#"(?i)(?:semgrep|codecov)[\w .-]{0,30}\\*["']?\s*[=:]\s*\\*["']?([0-9a-f-]{32,64})"#, Any,
        "format observed in gitleaks (config/gitleaks.toml: codecov-access-token); no vendor document found";
    "octopus-key", Secret, ["API-"], r"\bAPI-[A-Z0-9]{25,}", Any,
        "format observed in gitleaks (config/gitleaks.toml: octopus-deploy-api-key); no vendor document found";
    "jenkins-token", Secret, ["jenkins"], r#"(?i)jenkins[\w .-]{0,30}\\*["']?\s*[=:]\s*\\*["']?(11[0-9a-f]{32}|[0-9a-f]{32})"#, Any,
        "not verified: Jenkins: authenticating scripted clients";
    "prefect-token", Secret, ["pnu_", "pnb_"], r"\bpn[ub]_[A-Za-z0-9]{30,}", Any,
        "format observed in gitleaks (config/gitleaks.toml: prefect-api-token); no vendor document found";
    "postman-key", Secret, ["PMAK-", "PMAT-"], r"PM(?:AK-[0-9a-f]{20,}-[0-9a-f]{30,}|AT-[0-9A-Z]{20,})", Any,
        "format observed in gitleaks (config/gitleaks.toml: postman-api-token); no vendor document found";
    "databricks-token", Secret, ["dapi", "dose", "dkea", "dsapi"], r"\b(?:dapi|dose|dkea|ddbr|dsapi)[0-9a-f]{30,}(?:-[0-9])?", Any,
        "https://github.com/microsoft/security-utilities, GeneratedRegexPatterns/PreciselyClassifiedSecurityKeys.json: SEC101/110; gitleaks (databricks-api-token)";
    "dbt-token", Secret, ["dbtc_", "dbts_", "dbtu_"], r"\bdbt[csu]_[A-Za-z0-9_=-]{30,}", Any,
        "not verified: dbt: service tokens";
    "confluent-key", Secret, ["confluent", "sasl", "cflt"], r#"(?i)\b(?:confluent[\w .-]{0,30}\\*["']?\s*[=:]\s*\\*["']?([A-Za-z0-9+/]{16,64})\b|cflt[A-Za-z0-9+/]{50,})"#, Is(is_random),
        "format observed in gitleaks (config/gitleaks.toml: confluent-access-token, confluent-secret-key); no vendor document found";
    "clickhouse-key", Secret, ["4b1d"], r"\b4b1d[A-Za-z0-9]{38}\b", Any,
        "format observed in gitleaks (config/gitleaks.toml: clickhouse-cloud-api-secret-key); no vendor document found";
    "ansible-vault", Secret, ["$ANSIBLE_VAULT"], r"\$ANSIBLE_VAULT;[0-9.]+;AES(?:256)?(?:;[\w.-]+)?()(?:\s|\\)", Place(vault),
        "format observed in the documentation of the crate ansible-vault (https://docs.rs/ansible-vault); no vendor document found";
    "sops-value", Secret, ["ENC[AES256_GCM"], r"ENC\[AES256_GCM,data:[A-Za-z0-9+/=]+,iv:[^\]\s]+\]", Any,
        "format observed in the documentation of File::SOPS (https://metacpan.org/pod/File::SOPS::Encrypted); no vendor document found";
};
