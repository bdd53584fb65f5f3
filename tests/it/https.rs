//! Requests of ours over TLS, to a server on this machine: what a good certificate tells, and that no bad one counts.

use crate::support::{CLEAN, Scratch, book, faultbook};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// Two authorities, and certificates that the first one gave: `good`, `expired`, `elsewhere`.
const CERTIFICATES: &str = "
new() {
  name=$1; shift
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout $name.key -subj \"/CN=$name\" \"$@\"
}
for name in root stranger; do
  new $name -x509 -days 30 -addext basicConstraints=critical,CA:TRUE -out $name.pem
done
for name in good expired elsewhere; do
  new $name -out $name.csr
  case $name in elsewhere) host=elsewhere.example ;; *) host=localhost ;; esac
  printf 'basicConstraints=CA:FALSE\\nsubjectAltName=DNS:%s\\n' $host > $name.ext
done
for name in good elsewhere; do
  openssl x509 -req -in $name.csr -CA root.pem -CAkey root.key -CAcreateserial -days 30 -extfile $name.ext -out $name.pem
done
printf '[ca]\\ndefault_ca=own\\n[own]\\nnew_certs_dir=.\\ndatabase=index\\ndefault_md=sha256\\nrand_serial=yes\\npolicy=any\\n\
        [any]\\ncommonName=supplied\\n' > ca.conf
: > index
openssl ca -batch -config ca.conf -cert root.pem -keyfile root.key -startdate 20200101000000Z -enddate 20210101000000Z \
  -in expired.csr -extfile expired.ext -notext -out expired.pem
";

fn certificates() -> Scratch {
    let folder = Scratch::empty();
    let made =
        Command::new("sh").args(["-eu", "-c", CERTIFICATES]).current_dir(folder.path()).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    folder
}

/// What is behind a port.
enum Server<'f> {
    /// TLS with the certificate of that name.
    Tls(&'f Scratch, &'f str),
    /// Nothing but plain HTTP.
    Plain,
    /// TLS, and an answer that comes byte by byte.
    Slow(&'f Scratch),
}

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Kind: test\r\n\r\nhello";

/// Its port. It answers as long as the tests run.
fn serve(server: &Server<'_>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let config = match server {
        Server::Tls(folder, name) => Some(config(folder, name)),
        Server::Slow(folder) => Some(config(folder, "good")),
        Server::Plain => None,
    };
    let is_slow = matches!(server, Server::Slow(_));
    std::thread::spawn(move || {
        for stream in listener.incoming().map(Result::unwrap) {
            // Whoever asks may well go away in the middle.
            let _ = match &config {
                Some(config) => {
                    let connection = ServerConnection::new(config.clone()).unwrap();
                    answer(StreamOwned::new(connection, stream), is_slow)
                }
                None => answer(stream, is_slow),
            };
        }
    });
    port
}

fn config(folder: &Scratch, name: &str) -> Arc<ServerConfig> {
    let path = |end: &str| folder.path().join(format!("{name}.{end}"));
    let chain = vec![CertificateDer::from_pem_file(path("pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(path("key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap())
}

fn answer(mut stream: impl Read + Write, is_slow: bool) -> std::io::Result<()> {
    let mut some = [0; 1024];
    if stream.read(&mut some)? == 0 {
        return Ok(());
    }
    for part in ANSWER.chunks(if is_slow { 1 } else { ANSWER.len() }) {
        stream.write_all(part)?;
        stream.flush()?;
        if is_slow {
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    Ok(())
}

/// The verdict of a check that asks this port, and why its step is unknown.
fn ask(port: u16, roots: &Path) -> (String, String) {
    let check = format!(
        "verify:\n  spec: 1\n  proves: p\n  limits: l\n  sandbox: {{network: loopback}}\n  steps:\n    \
         - id: up\n      http: {{method: GET, url: 'https://localhost:{port}/path'}}\n      timeout: 2s\n      \
         expect: {{status: 200, body: hello, header.x-kind: test, tls_days_left: {{in: [29, 30]}}}}\n      \
         refute: {{status: 500}}\n  present: up\n  fixtures:\n    broken: {{expect: present}}\n    fixed: {{expect: fixed}}\n    \
         wrong_fixes: {{wait: {{expect: present}}}}\n"
    );
    let record = CLEAN.replace("[Wait]", "[{id: wait, text: Wait, why: No.}]");
    let book = book(&[("content/it-breaks.yaml", &format!("{record}{check}"))]);
    let (subject, data) = (Scratch::empty(), Scratch::empty());
    let run = |args: &[&str]| {
        let args = [args, &["it-breaks", "--dir", subject.path().as_str()]].concat();
        let mut command = faultbook(book.path(), &args);
        command.env("XDG_DATA_HOME", data.path()).env("SSL_CERT_FILE", roots).output().unwrap()
    };
    let allowed = run(&["trust", "allow"]);
    assert!(allowed.status.success(), "{}", String::from_utf8_lossy(&allowed.stderr));
    let result: serde_json::Value = serde_json::from_slice(&run(&["verify", "-f", "json"]).stdout).unwrap();
    let record = &result["records"][0];
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    (text(&record["verdict"]), text(&record["steps"][0]["reason"]))
}

#[test]
fn a_request_over_tls_counts_only_with_a_certificate_that_is_good() {
    let folder = certificates();
    let roots = |name: &str| folder.path().join(name).into_std_path_buf();
    let table = [
        ("PRESENT", "", Server::Tls(&folder, "good"), "root.pem"),
        ("CANNOT_TELL", "certificate-expired", Server::Tls(&folder, "expired"), "root.pem"),
        ("CANNOT_TELL", "certificate-of-another-name", Server::Tls(&folder, "elsewhere"), "root.pem"),
        ("CANNOT_TELL", "certificate-untrusted", Server::Tls(&folder, "good"), "stranger.pem"),
        ("CANNOT_TELL", "tls-no-roots", Server::Tls(&folder, "good"), "nowhere.pem"),
        ("CANNOT_TELL", "tls", Server::Plain, "root.pem"),
        ("CANNOT_TELL", "timeout", Server::Slow(&folder), "root.pem"),
    ];
    for (verdict, reason, server, trusted) in table {
        let found = ask(serve(&server), &roots(trusted));
        assert_eq!(found, (verdict.to_owned(), reason.to_owned()), "{reason} with {trusted}");
    }
}
