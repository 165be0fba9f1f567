//! Texts of telemetry that resemble identifiers and secrets, and pseudonyms, are not found.

use super::kind::Class;
use super::search::find;

/// Lines of logs, metrics, queries and Kubernetes.
const FRIENDS: &[&str] = &[
    "agent 6.18.0 and v1.2.3.4 and 1.2.3.4-rc1 and 1.2.3.4.5 and 999.1.1.1 and Foo/1.2.3.4",
    "\"agentversion\":\"3.1.25.1\" image mcr.microsoft.com/azuremonitor/containerinsights/ciprod:3.1.25.1",
    "127.0.0.1:55680 0.0.0.0 169.254.169.254 168.63.129.16 [::1]:80 :: 255.255.255.0",
    "at 12:30:45 std::fmt a::b core::f64::consts e2e::a1 00000000-0000-0000-0000-000000000000",
    "otelcol.component.kind TokenConfig.json k8s.io/client-go/rest.go:12 error.message",
    "Bearer token expired; password: x; sig: y; token: expired; secret: not found; password is incorrect",
    "2025-08-04T12:00:00.123456789Z 2025-08-04 12:00:00,123 +0000 UTC m=+1234.567890123 1754308800 1754308800000",
    "1754308800000000000 1690000000123456789 4503599627370496 9007199254740993 count=5105105105105106789",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
    "ghcr.io/foo/bar@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "goroutine 1 [running]:\nmain.main()\n\t/go/pkg/mod/k8s.io/client-go@v0.27.1/tools/cache/reflector.go:231 +0x1d4",
    "github.com/prometheus/prometheus/scrape.(*scrapeLoop).scrapeAndReport(0xc000a1e000, {0xc1a2b3c4d5e6f, 0x0})",
    "customMetrics | where name == \"otelcol_exporter_send_failed_metric_points_total\" | summarize sum(value) by bin(timestamp, 1m)",
    "go_memstats_alloc_bytes_total{job=\"kubelet\",instance=\"aks-nodepool1-12345678-vmss000000\"} 1.234567e+09 1754308800000",
    "ama-metrics-operator-targets-6d9c7f8b54-x7k2p ama-metrics-node-b5zq9 node-of-ama-metrics-5f6c8d7b94-1",
    "MountVolume.SetUp failed for volume \"ama-metrics-token\" : secret \"ama-metrics-mtls-secret\" not found",
    "\"Syncing secret\" secret=\"kube-system/ama-metrics-mtls-secret\" err=\"timed out\"",
    "token_count=5 max_tokens: 4096 secretName: my-secret secretKeyRef: {name: x} partitionKey=abc token_type=bearer",
    "tokenExpiration: 3600 passwordExpiry=30d key=cluster value=shop code=InvalidAccess state=Running session=closed",
    "Failed to read token: permission denied; cannot get password: user not found; secret key: missing",
    "password=${DB_PASSWORD} token=$(cat /run/token) apiKey={{ .Values.key }} password=<hidden> secret=%s password=***",
    "--token-file /var/run/secrets/kubernetes.io/serviceaccount/token --tls-private-key-file=/etc/tls/tls.key",
    "serviceAccountToken path: token; privateKey: /etc/ssl/private/tls.key; key: tls.key; ssh-key: id_rsa.pub",
    "Metrics data publication failed AggregatedMetricsPublisher.cpp(747) ErrorCode: -2146172665 0x8009030C",
    "Error: 429 Too Many Requests retry-after=30 duration=1m30.5s latency=12.345ms size=10.5MiB 99.9%",
    "C:\\Program Files\\Microsoft\\x.exe HKLM\\SOFTWARE\\Microsoft NT AUTHORITY\\SYSTEM BUILTIN\\Administrators",
    "/home/azureuser/.kube C:\\Users\\Public\\x /Users/Shared /root/.ssh https://portal.example/home/dashboard",
    "ERROR\\nfailed to start; STATUS\\tOK; \\d+\\.\\d+ path\\to\\file bin\\x64 App\\Kernel",
    "systemd: getty@tty1.service @types/node@18.0.0 Started user@1000.service",
    "restarts 3-2-1 range 1-2-3-4 2024-01-02-03 build 10.0.17763.1 from 24h0m0s to 1.5e+10",
    "otel-collector-7f9c6d5b8-abcde.17a3b2c4d5e6f708 FailedScheduling 0/5 nodes are available",
    "RefreshConfigurations: Error in SSL handshake; MetricsExtension is not running (configuration exists)",
    "pod.status.phase=Running; container.id=abc; k8s.io/api/core/v1; apps/v1beta1.Deployment; IfNotPresent",
    "cardinality 4111 series; chunks 555-1234; ratio 0.123-45-6789; port 30000-32767; 10000000-20000000",
    "basic authentication failed; Basic checks passed; negotiate protocol version; cookie policy: strict; digest mismatch",
    "OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4317 KUBERNETES_SERVICE_PORT=443 PWD=/opt/app PATH=/usr/bin:/bin",
    "user-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/114.0.0.0 Safari/537.36 Go-http-client/2.0",
    "queue_sender.go:57 Exporting failed. Dropping data. Try enabling retry_on_failure config option to retry on retryable errors.",
    "NullReferenceException at Contoso.Shop.Orders.OrderService+<GetAsync>d__12.MoveNext() in Order.cs:line 42",
    "authorization: denied by policy; Authorization failed; auth=enabled; auth: kubernetes; sid=main; nonce mismatch",
    "token::a1_fixed_token::b2 password::Kind2::x since 2025-08-04 12:00 /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core",
    "Invalid token\nRetrying\nfailed to read secret\ngoroutine 7 [running]:\nmain.main()\ncannot get api key\nStopped",
    "pin=3 otp disabled, code: 404, verification code mismatch, security code scanning is on",
];

/// Texts with pseudonyms.
const PSEUDONYMS: &[&str] = &[
    "Authorization: Bearer REDACTED-1 password=REDACTED-02; Cookie: sid=REDACTED-3; \"token\":\"REDACTED-000004\"",
    "00000000-0000-4000-8000-000000000001 00000000000040008000000000000012 token=00000000-0000-4000-8000-000000000001",
    "user1@example.com user-x=user0012%40example.com password=user1@example.com",
    "198.18.0.1:443 ip-198-18-0-1.ec2.internal ::ffff:198.18.0.1 240.0.0.7 [2001:db8::1]:443",
    "/home/account-1/x C:\\Users\\account-1\\x 02:00:00:00:00:01 https://a:REDACTED-1@h/x?sig=REDACTED-2&code=REDACTED-3",
    "-----BEGIN PRIVATE KEY-----\nREDACTED-1\n-----END PRIVATE KEY----- AccountKey=REDACTED-1;x=1",
];

#[test]
fn false_friends_are_not_found() {
    let mut problems = Vec::new();
    for text in FRIENDS.iter().chain(PSEUDONYMS) {
        let found = find(text, None);
        let wrong: Vec<_> = found
            .iter()
            .filter(|one| one.class != Class::Host)
            .map(|one| (one.kind, &text[one.range.clone()]))
            .collect();
        if !wrong.is_empty() {
            problems.push(format!("{text}\n    {wrong:?}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn finds_keep_their_class() {
    use Class::{Address, Host, Id, Mail, Secret};
    let id = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed";
    for (text, want) in [
        (format!("/subscriptions/{id}/resourceGroups/g"), vec![(Id, id)]),
        (format!("tenant_{id}.log and {{{id}}}"), vec![(Id, id), (Id, id)]),
        (format!("InstrumentationKey={id};"), vec![(Id, id)]),
        ("mail a.b+c@shop.example.com now".to_owned(), vec![(Mail, "a.b+c@shop.example.com")]),
        (r#"{"a@b.example.com":1}"#.to_owned(), vec![(Mail, "a@b.example.com")]),
        ("dial tcp 10.0.3.7:443: refused".to_owned(), vec![(Address, "10.0.3.7")]),
        ("from 10.0.3.7. Then".to_owned(), vec![(Address, "10.0.3.7")]),
        (
            "route 10.0.0.0/16 to 10.0.0.4-10.0.0.9".to_owned(),
            vec![(Address, "10.0.0.0"), (Address, "10.0.0.4"), (Address, "10.0.0.9")],
        ),
        (
            "10.0.3.7_8080 node-10.0.3.8 10.0.3.9.nip.io".to_owned(),
            vec![(Address, "10.0.3.7"), (Address, "10.0.3.8"), (Address, "10.0.3.9")],
        ),
        ("[fe80::1c2d]:80".to_owned(), vec![(Address, "fe80::1c2d")]),
        ("Authorization: Bearer abcdefghijklmnop123".to_owned(), vec![(Secret, "abcdefghijklmnop123")]),
        ("jwt eyJhbGciOiJI.eyJzdWIi.c2ln ok".to_owned(), vec![(Secret, "eyJhbGciOiJI.eyJzdWIi.c2ln")]),
        ("https://x?sig=AbC%2Fdef123&se=1".to_owned(), vec![(Secret, "AbC%2Fdef123")]),
        (r#"{"password":"hunter22"}"#.to_owned(), vec![(Secret, "hunter22")]),
        ("login a\\nbob@b.example.com".to_owned(), vec![(Mail, "bob@b.example.com")]),
        (
            "get https://amw-shop-x1.eastus-1.metrics.ingest.monitor.azure.com/v1".to_owned(),
            vec![(Host, "amw-shop-x1.eastus-1.metrics.ingest.monitor.azure.com")],
        ),
    ] {
        let found = find(&text, None);
        let found: Vec<(Class, &str)> = found.iter().map(|one| (one.class, &text[one.range.clone()])).collect();
        assert_eq!(found, want, "{text}");
    }
}
