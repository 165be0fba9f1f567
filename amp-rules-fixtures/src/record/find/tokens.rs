//! Tokens of code hosts, package registries, build and infrastructure services.

use super::checks::is_bootstrap_token;
use super::kind::Check::{Any, Is, Place};
use super::kind::{Kind, kinds};
use super::shape::is_random;

/// One row per kind.
pub(super) const KINDS: &[Kind] = kinds! {
    // Code hosts.
    "github-token", Secret, ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], r"gh[pousr]_[A-Za-z0-9_]{20,}(?:\.[A-Za-z0-9_-]{8,})*", Any,
        "GitHub: about authentication to GitHub, GitHub's token formats";
    "github-fine-grained-token", Secret, ["github_pat_"], r"github_pat_[A-Za-z0-9_]{22,}", Any,
        "GitHub: about authentication to GitHub, GitHub's token formats";
    "gitlab-token", Secret, ["gl", "GR1348941"],
        r"(?:glpat|gldt|glrt|glrtr|glcbt|glptt|glft|glimt|glagent|glsoat|gloas|glffct|glwt)-[A-Za-z0-9_.-]{16,}|GR1348941[A-Za-z0-9_-]{16,}|_gitlab_session=[0-9a-z]{32}", Any,
        "GitLab: security, tokens, token prefixes";
    "bitbucket-token", Secret, ["ATBB", "ATCTT3", "BBDC-"], r"ATBB[A-Za-z0-9_=-]{24,}|ATCTT3[A-Za-z0-9_=-]{60,}|BBDC-[A-Za-z0-9+/@_-]{30,}", Any,
        "Atlassian: app passwords; Atlassian: HTTP access tokens";
    "atlassian-token", Secret, ["ATATT3", "ATOA", "ATSTT"], r"(?:ATATT3|ATOAT?|ATSTT)[A-Za-z0-9_=-]{40,}", Any,
        "Atlassian: manage API tokens for your Atlassian account";
    "jira-legacy-token", Secret, ["jira", "atlassian", "confluence"], r#"(?i)(?:jira|atlassian|confluence)[\w .-]{0,30}\\*["']?\s*[=:]\s*\\*["']?([A-Za-z0-9]{24}|[A-Za-z0-9+/]{44})\b"#, Is(is_random),
        "Atlassian: manage API tokens for your Atlassian account";
    "sourcegraph-token", Secret, ["sgp_", "slk_"], r"\b(?:sgp_(?:[0-9a-f]{16}_|local_)?[0-9a-f]{40}|slk_[0-9a-f]{64})", Any,
        "Sourcegraph: creating an access token";
    // Package registries.
    "npm-token", Secret, ["npm_"], r"npm_[A-Za-z0-9]{30,}", Any,
        "npm: about access tokens";
    "npmrc-token", Secret, [":_auth", ":_password"], r#"(?i):_(?:authToken|auth|password)\s*=\s*["']?([^\s"']{4,})"#, Is(super::values::not_a_placeholder),
        "npm: npmrc, authentication";
    "pypi-token", Secret, ["pypi-"], r"pypi-A[A-Za-z0-9_-]{40,}", Any,
        "PyPI: API tokens";
    "rubygems-token", Secret, ["rubygems_"], r"rubygems_[0-9a-f]{40,}", Any,
        "RubyGems: API key scopes";
    "crates-io-token", Secret, ["cio"], r"\bcio[A-Za-z0-9]{32}\b", Is(is_random),
        "Cargo: publishing; crates.io: source code";
    "nuget-key", Secret, ["oy2"], r"\boy2[a-z2-7]{43}\b", Any,
        "Microsoft: publish a package, create an API key";
    "docker-hub-token", Secret, ["dckr_"], r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}", Any,
        "Docker: access tokens";
    "artifactory-key", Secret, ["AKC", "AP", "cmVmdGtu"], r"\b(?:AKC[a-zA-Z0-9]{60,}|AP[0-9A-F][A-Za-z0-9]{30,}|cmVmdGtu[A-Za-z0-9+/_-]{40,}={0,2})", Is(is_random),
        "JFrog: access tokens";
    "clojars-token", Secret, ["CLOJARS_"], r"(?i)CLOJARS_[a-z0-9]{50,}", Any,
        "Clojars: deploy tokens";
    "packagist-token", Secret, ["packagist_"], r"packagist_[a-z]+_[0-9a-f]{40,}", Any,
        "Packagist: authentication tokens";
    // Infrastructure and builds.
    "vault-token", Secret, ["hvs.", "hvb.", "hvr."], r"hv[sbr]\.[A-Za-z0-9_-]{20,}", Any,
        "HashiCorp: concepts, tokens, token prefixes";
    "vault-legacy-token", Secret, ["s.", "b.", "r."], r"(?:^|[^A-Za-z0-9_.-])([sbr]\.[A-Za-z0-9]{24})\b", Is(is_random),
        "HashiCorp: concepts, tokens, token prefixes";
    "terraform-token", Secret, [".atlasv1."], r"[A-Za-z0-9]{10,}\.atlasv1\.[A-Za-z0-9_=-]{40,}", Any,
        "HashiCorp: API tokens";
    "boundary-token", Secret, ["at_"], r"\bat_[A-Za-z0-9]{10}_s[A-Za-z0-9]{40,}", Any,
        "HashiCorp: permissions";
    "doppler-token", Secret, ["dp."], r"\bdp\.(?:pt|st|ct|sa|scim|audit|said)\.(?:[a-z0-9_-]+\.)?[A-Za-z0-9]{30,}", Any,
        "Doppler: auth token formats";
    "onepassword-token", Secret, ["ops_eyJ"], r"ops_eyJ[A-Za-z0-9+/_-]{40,}={0,3}", Any,
        "1Password: security";
    "onepassword-secret-key", Secret, ["A3-"], r"\bA3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}", Any,
        "1Password: secret key security";
    "infisical-token", Secret, ["st."], r"\bst\.[0-9a-f]{24}\.[0-9a-f]{32}\.[0-9a-f]{32}", Any,
        "Infisical: platform, token";
    "kubernetes-bootstrap-token", Secret, ["."], r"\b[a-z0-9]{6}\.[a-z0-9]{16}\b", Place(is_bootstrap_token),
        "Kubernetes: bootstrap tokens, token format";
    "rancher-token", Secret, ["token-", "kubeconfig-"], r"\b(?:token|kubeconfig(?:-u)?)-[a-z0-9-]{5,}:([a-z0-9]{54})", Any,
        "Rancher: API tokens";
    "openshift-token", Secret, ["sha256~"], r"sha256~[A-Za-z0-9_-]{40,}", Any,
        "Red Hat: configuring internal OAuth";
    "swarm-token", Secret, ["SWMTKN-", "SWMKEY-"], r"SWM(?:TKN-1-[0-9a-z]{40,}-[0-9a-z]{20,}|KEY-1-[A-Za-z0-9+/]{40,})", Any,
        "Docker: swarm mode";
    "tailscale-key", Secret, ["tskey-"], r"tskey-[a-z]+-[A-Za-z0-9_-]{10,}", Any,
        "Tailscale: key prefixes";
    "wireguard-key", Secret, ["PrivateKey", "PresharedKey"], r"(?i)P(?:rivate|reshared)Key\s*=\s*([A-Za-z0-9+/]{42,}=?)", Any,
        "WireGuard: wg(8)";
    "ngrok-token", Secret, ["ngrok"], r#"(?i)ngrok[\w .-]{0,30}[\s=:]+["']?([A-Za-z0-9]{20,}_[A-Za-z0-9]{20,})"#, Any,
        "ngrok: config";
    "circleci-token", Secret, ["CCIPAT_", "CCIPRJ_"], r"CCI(?:PAT|PRJ)_[A-Za-z0-9]{10,}_[0-9a-f]{30,}", Any,
        "CircleCI: managing API tokens";
    "buildkite-token", Secret, ["bkua_", "bkaj_", "bkct_"], r"\bbk(?:ua|aj|ct|pt|pat)_[A-Za-z0-9_.-]{30,}", Any,
        "Buildkite: managing API tokens";
    "harness-token", Secret, ["pat.", "sat."], r"\b[ps]at\.[A-Za-z0-9_-]{22}\.[0-9a-f]{24}\.[A-Za-z0-9]{20}", Any,
        "Harness: managing API keys";
    "sonar-token", Secret, ["sqp_", "squ_", "sqa_", "sqb_"], r"\bsq[puab]_[0-9a-f]{40}", Any,
        "SonarSource: managing tokens";
    "snyk-token", Secret, ["snyk"], r#"(?i)snyk[\w .-]{0,30}\\*["']?\s*[=:]\s*\\*["']?([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})|snyk_(?:uat|sat)\.[0-9a-z]+\.[A-Za-z0-9_.-]{40,}"#, Any,
        "Snyk: authentication for API";
    "semgrep-codecov-token", Secret, ["semgrep", "codecov"], r#"(?i)(?:semgrep|codecov)[\w .-]{0,30}\\*["']?\s*[=:]\s*\\*["']?([0-9a-f-]{32,64})"#, Any,
        "Codecov: tokens";
    "octopus-key", Secret, ["API-"], r"\bAPI-[A-Z0-9]{25,}", Any,
        "Octopus: how to create an API key";
    "jenkins-token", Secret, ["jenkins"], r#"(?i)jenkins[\w .-]{0,30}\\*["']?\s*[=:]\s*\\*["']?(11[0-9a-f]{32}|[0-9a-f]{32})"#, Any,
        "Jenkins: authenticating scripted clients";
    "prefect-token", Secret, ["pnu_", "pnb_"], r"\bpn[ub]_[A-Za-z0-9]{30,}", Any,
        "Prefect: API keys";
    "postman-key", Secret, ["PMAK-", "PMAT-"], r"PM(?:AK-[0-9a-f]{20,}-[0-9a-f]{30,}|AT-[0-9A-Z]{20,})", Any,
        "Postman: API, authentication";
    "databricks-token", Secret, ["dapi", "dose", "dkea", "dsapi"], r"\b(?:dapi|dose|dkea|ddbr|dsapi)[0-9a-f]{30,}(?:-[0-9])?", Any,
        "Databricks: auth, PAT";
    "dbt-token", Secret, ["dbtc_", "dbts_", "dbtu_"], r"\bdbt[csu]_[A-Za-z0-9_=-]{30,}", Any,
        "dbt: service tokens";
    "confluent-key", Secret, ["confluent", "sasl", "cflt"], r#"(?i)\b(?:confluent[\w .-]{0,30}\\*["']?\s*[=:]\s*\\*["']?([A-Za-z0-9+/]{16,64})\b|cflt[A-Za-z0-9+/]{50,})"#, Is(is_random),
        "Confluent: API keys";
    "clickhouse-key", Secret, ["4b1d"], r"\b4b1d[A-Za-z0-9]{38}\b", Any,
        "ClickHouse: Cloud API";
    "ansible-vault", Secret, ["$ANSIBLE_VAULT"], r"\$ANSIBLE_VAULT;[0-9.]+;AES(?:256)?(?:;\S+)?((?:\s|\\[rn])+[0-9a-f]{16}(?:[0-9a-f]|\s|\\[rn])*)", Any,
        "Ansible: vault using encrypted content";
    "sops-value", Secret, ["ENC[AES256_GCM"], r"ENC\[AES256_GCM,data:[A-Za-z0-9+/=]+,iv:[^\]\s]+\]", Any,
        "SOPS: documentation";
};
