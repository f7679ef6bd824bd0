//! `source.pypi`: files of packages from a Python package index, each pinned by its sha256.
//!
//! Nothing of a package is ever executed or written to disk unpacked: its one file is fetched (or found in the cache),
//! checked against the pin, and opened in memory.

use super::glob::Globs;
use super::index::{IndexFile, PipConfig, normalise, parse_page};
use super::licence::{Notices, is_notice, is_package_metadata};
use super::unpack::{self, unpack};
use super::{RawFile, Source, SourceError, SourceSpec, add_licences, raw_file};
use crate::model::sha256_hex;
use futures::future::BoxFuture;
use reqwest::{StatusCode, Url};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// This source's line in the table.
pub const SPEC: SourceSpec = SourceSpec {
    name: "source.pypi",
    version: 1,
    lists: &["packages"],
    schema: || schemars::schema_for!(Config),
    build: |value| {
        let config: Config = serde_json::from_value(value.clone()).map_err(|e| e.to_string())?;
        Ok(Box::new(PyPi::new(config).map_err(|e| e.to_string())?))
    },
};

/// Files of packages from a Python package index. Where the index is comes from pip's own configuration.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Packages, read in this order.
    pub packages: Vec<Package>,
    /// Which files to take: patterns over paths inside the package (`*.v`, `rtl/**`, `*.{v,sv}`); all by default.
    #[serde(default)]
    pub include: Vec<String>,
    /// Larger files keep a row with their hash but are not read as text, bytes.
    #[serde(default = "default_file_bytes")]
    pub max_file_bytes: u64,
    /// How many bytes a package may unpack to.
    #[serde(default = "default_total_bytes")]
    pub max_total_bytes: u64,
    /// How many entries a package may hold.
    #[serde(default = "default_files")]
    pub max_files: u64,
    /// How many bytes may come out of an archive per byte that went in.
    #[serde(default = "default_ratio")]
    pub max_ratio: u64,
}

fn default_file_bytes() -> u64 {
    unpack::Limits::default().file_bytes
}
fn default_total_bytes() -> u64 {
    unpack::Limits::default().total_bytes
}
fn default_files() -> u64 {
    unpack::Limits::default().files
}
fn default_ratio() -> u64 {
    unpack::Limits::default().ratio
}

/// One file of one release: a wheel or a source distribution.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// The package's name, e.g. `pythondata-cpu-picorv32`.
    pub name: String,
    /// The exact version.
    pub version: String,
    /// sha256 of the wheel or source distribution, 64 hex digits. Required: a version alone does not pin its bytes.
    #[serde(default)]
    pub sha256: String,
    /// The file's name; only needed where an index publishes no hashes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
}

impl Package {
    /// For messages: `name 1.0`.
    fn what(&self) -> String {
        format!("{} {}", self.name, self.version)
    }

    fn check(&self) -> Result<(), SourceError> {
        let is_name = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.+!".contains(&b));
        if !is_name(&self.name) || !is_name(&self.version) {
            return Err(SourceError::Config(format!(
                "package `{}` `{}`: not a package name and exact version",
                self.name, self.version
            )));
        }
        if self.sha256.len() != 64 || !self.sha256.bytes().all(|b| b.is_ascii_hexdigit()) {
            let (name, version) = (&self.name, &self.version);
            return Err(SourceError::Config(format!(
                "package `{name}` has no sha256 pin of 64 hex digits: get it with \
                 `pip download --no-deps {name}=={version} && sha256sum {}*`",
                name.replace('-', "?")
            )));
        }
        Ok(())
    }
}

struct PyPi {
    config: Config,
    include: Globs,
}

impl PyPi {
    fn new(config: Config) -> Result<PyPi, SourceError> {
        if config.packages.is_empty() {
            return Err(SourceError::Config(
                "no packages: name at least one under `packages`".into(),
            ));
        }
        config.packages.iter().try_for_each(Package::check)?;
        let include = Globs::new(&config.include).map_err(SourceError::Config)?;
        Ok(PyPi { config, include })
    }

    fn limits(&self) -> unpack::Limits {
        let c = &self.config;
        unpack::Limits {
            total_bytes: c.max_total_bytes,
            file_bytes: c.max_file_bytes,
            files: c.max_files,
            ratio: c.max_ratio,
        }
    }
}

impl Source for PyPi {
    /// One unit per package.
    fn expand(&self) -> Result<Vec<serde_json::Value>, SourceError> {
        let unit = |p| serde_json::to_value(p).map_err(|e| SourceError::Config(e.to_string()));
        self.config.packages.iter().map(unit).collect()
    }

    fn read<'a>(
        &'a self,
        unit: &'a serde_json::Value,
        cache: PathBuf,
    ) -> BoxFuture<'a, Result<Vec<RawFile>, SourceError>> {
        Box::pin(async move {
            let package: Package =
                serde_json::from_value(unit.clone()).map_err(|e| SourceError::Config(format!("bad unit: {e}")))?;
            package.check()?;
            let archive = fetch(&package, &cache).await?;
            let (limits, include) = (self.limits(), self.include.clone());
            let read = tokio::task::spawn_blocking(move || read_archive(&package, &archive, &limits, &include));
            read.await
                .map_err(|e| SourceError::Config(format!("reading a package was cut short: {e}")))?
        })
    }
}

/// All files of a package's archive, sorted by path.
fn read_archive(
    package: &Package,
    archive: &[u8],
    limits: &unpack::Limits,
    include: &Globs,
) -> Result<Vec<RawFile>, SourceError> {
    let source = format!("pypi:{}", normalise(&package.name));
    let mut files = std::collections::BTreeMap::new();
    unpack(&package.what(), archive, limits, &mut |path, found| {
        let wanted = include.matches(&path);
        if wanted || is_notice(&path) || is_package_metadata(&path) {
            // A path that comes twice counts as it would on disk: the later entry replaces the earlier.
            files.insert(path.clone(), (wanted, raw_file(&source, &package.version, path, found)));
        }
    })?;
    let mut notices = Notices::default();
    for (path, (_, file)) in &files {
        let text = file.text.as_deref().unwrap_or_default();
        if is_package_metadata(path) {
            check_release(package, text)?;
        }
        notices.add(path, text);
    }
    let mut files: Vec<_> = files
        .into_values()
        .filter(|(wanted, _)| *wanted)
        .map(|(_, file)| file)
        .collect();
    add_licences(&mut files, &notices);
    Ok(files)
}

/// The archive must be what the recipe calls it, or lineage would name the wrong release.
fn check_release(package: &Package, metadata: &str) -> Result<(), SourceError> {
    let field = |name: &str| {
        metadata
            .lines()
            .take_while(|l| !l.is_empty())
            .find_map(|l| l.strip_prefix(name))
            .map(str::trim)
    };
    let (Some(name), Some(version)) = (field("Name:"), field("Version:")) else {
        return Ok(());
    };
    if normalise(name) != normalise(&package.name) || !version.eq_ignore_ascii_case(&package.version) {
        return Err(SourceError::Config(format!(
            "the file pinned for {} is {name} {version}: correct the recipe",
            package.what()
        )));
    }
    Ok(())
}

/// The package's file, from the cache if it is there and whole, else from pip's folders or index.
async fn fetch(package: &Package, cache: &Path) -> Result<Vec<u8>, SourceError> {
    let pin = package.sha256.to_ascii_lowercase();
    let cached = cache.join(&pin);
    if let Some(bytes) = std::fs::read(&cached).ok().filter(|bytes| sha256_hex(bytes) == pin) {
        return Ok(bytes);
    }
    let pip = PipConfig::load();
    let bytes = match find_local(&pip, package, &pin) {
        Some(bytes) => bytes,
        None => download(&pip, package, &pin).await?,
    };
    let got = sha256_hex(&bytes);
    if got != pin {
        return Err(SourceError::Sha256Mismatch {
            what: package.what(),
            expected: pin,
            got,
        });
    }
    store(cache, &cached, &bytes).map_err(|source| SourceError::Io {
        what: "the download cache".into(),
        source,
    })?;
    Ok(bytes)
}

/// Written beside its place and renamed: readers see nothing or all of it.
fn store(cache: &Path, place: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    std::fs::create_dir_all(cache)?;
    let mut file = tempfile::NamedTempFile::new_in(cache)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(place)?;
    Ok(())
}

fn find_local(pip: &PipConfig, package: &Package, pin: &str) -> Option<Vec<u8>> {
    let name = normalise(&package.name);
    for folder in &pip.find_links {
        let mut paths: Vec<_> = std::fs::read_dir(folder)
            .ok()
            .into_iter()
            .flatten()
            .flatten()
            .map(|e| e.path())
            .collect();
        paths.sort();
        let named = |p: &PathBuf| {
            p.file_name()
                .is_some_and(|f| normalise(&f.to_string_lossy()).starts_with(&name))
        };
        for path in paths.into_iter().filter(named) {
            let size = std::fs::metadata(&path).map_or(u64::MAX, |m| m.len());
            if let Some(bytes) = (size <= MAX_ARCHIVE_BYTES)
                .then(|| std::fs::read(&path).ok())
                .flatten()
                .filter(|b| sha256_hex(b) == pin)
            {
                return Some(bytes);
            }
        }
    }
    None
}

/// The largest file downloaded: 512 MiB, all of it in memory.
const MAX_ARCHIVE_BYTES: u64 = 512 << 20;
/// The largest index page read: 64 MiB (projects with thousands of files have pages of a few).
const MAX_PAGE_BYTES: u64 = 64 << 20;

async fn download(pip: &PipConfig, package: &Package, pin: &str) -> Result<Vec<u8>, SourceError> {
    let client = client(pip)?;
    let mut offered = Vec::new();
    for index in &pip.indexes {
        let page = format!("{}/{}/", index.trim_end_matches('/'), normalise(&package.name));
        let url = Url::parse(&page).map_err(|e| SourceError::Config(format!("pip's index-url is not a URL: {e}")))?;
        let accept = "application/vnd.pypi.simple.v1+json, text/html;q=0.2";
        let Some(body) = get(&client, &url, accept, MAX_PAGE_BYTES, package).await? else {
            continue;
        };
        offered.extend(parse_page(&String::from_utf8_lossy(&body), &url)?);
        if let Some(file) = choose(&offered, package, pin)? {
            let body = get(&client, &file.url, "*/*", MAX_ARCHIVE_BYTES, package).await?;
            return body.ok_or_else(|| not_found(package, &[]));
        }
    }
    Err(not_found(package, &offered))
}

/// The file to fetch: the one with the pinned hash; failing that, the one named, if its hash is not published.
fn choose<'a>(offered: &'a [IndexFile], package: &Package, pin: &str) -> Result<Option<&'a IndexFile>, SourceError> {
    let by_hash = offered
        .iter()
        .find(|f| f.sha256.as_deref().is_some_and(|h| h.eq_ignore_ascii_case(pin)));
    let by_name = || offered.iter().find(|f| package.filename.as_ref() == Some(&f.filename));
    match by_hash.or_else(by_name) {
        Some(IndexFile { sha256: Some(got), .. }) if !got.eq_ignore_ascii_case(pin) => {
            Err(SourceError::Sha256Mismatch {
                what: package.what(),
                expected: pin.into(),
                got: got.clone(),
            })
        }
        file => Ok(file),
    }
}

/// Says what the index has instead, so that the pin can be corrected by copying.
fn not_found(package: &Package, offered: &[IndexFile]) -> SourceError {
    let version = format!("-{}", normalise(&package.version));
    let of_version = |f: &&IndexFile| normalise(&f.filename).contains(&version);
    let line = |f: &IndexFile| {
        format!(
            "{} has sha256 {}",
            f.filename,
            f.sha256.as_deref().unwrap_or("unpublished")
        )
    };
    let lines: Vec<_> = offered.iter().filter(of_version).take(8).map(line).collect();
    let remedy = match (lines.is_empty(), offered.is_empty()) {
        (false, _) => format!("no file has the pinned sha256, but {}", lines.join("; ")),
        (true, false) => "the index has other versions only; check the version".into(),
        (true, true) => "the index has no such package; check the name and pip's index-url".into(),
    };
    SourceError::NotFound {
        what: format!("package {}", package.what()),
        remedy,
    }
}

fn client(pip: &PipConfig) -> Result<reqwest::Client, SourceError> {
    let wrong = |what: &str, e: &dyn std::fmt::Display| {
        SourceError::Config(format!("pip's {what} setting cannot be used: {e}"))
    };
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("assay/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(20))
        .read_timeout(Duration::from_secs(60));
    if let Some(cert) = &pip.cert {
        let pem = std::fs::read(cert).map_err(|e| wrong("cert", &e))?;
        for cert in reqwest::Certificate::from_pem_bundle(&pem).map_err(|e| wrong("cert", &e))? {
            builder = builder.add_root_certificate(cert);
        }
    }
    if let Some(proxy) = &pip.proxy {
        builder = builder.proxy(reqwest::Proxy::all(proxy).map_err(|e| wrong("proxy", &e.without_url()))?);
    }
    builder.build().map_err(|e| wrong("network", &e.without_url()))
}

/// Pauses before the second, third and fourth try.
const BACKOFF: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(9)];

/// A body of at most `max` bytes; `None` where there is none at this address. Failures that may pass are tried again.
async fn get(
    client: &reqwest::Client,
    url: &Url,
    accept: &str,
    max: u64,
    package: &Package,
) -> Result<Option<Vec<u8>>, SourceError> {
    let mut pauses = BACKOFF.iter();
    loop {
        let error = match get_once(client, url, accept, max, package).await {
            Err(e) if e.retryable() => e,
            done => return done,
        };
        let Some(pause) = pauses.next() else { return Err(error) };
        tracing::warn!(package = package.what(), %error, "fetching failed; trying again");
        tokio::time::sleep(*pause).await;
    }
}

async fn get_once(
    client: &reqwest::Client,
    url: &Url,
    accept: &str,
    max: u64,
    package: &Package,
) -> Result<Option<Vec<u8>>, SourceError> {
    // Addresses stay out of the message: they may carry credentials.
    let network = |e: reqwest::Error| SourceError::Network {
        what: package.what(),
        message: chain(&e.without_url()),
    };
    let mut response = client
        .get(url.clone())
        .header("accept", accept)
        .send()
        .await
        .map_err(network)?;
    match response.status() {
        StatusCode::NOT_FOUND | StatusCode::GONE => return Ok(None),
        s if s.is_success() => {}
        s if s.is_server_error() || matches!(s, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT) => {
            return Err(SourceError::Network {
                what: package.what(),
                message: format!("the index answered {s}"),
            });
        }
        s => {
            return Err(SourceError::Config(format!(
                "the index answered {s} for {}: check pip's index-url and its credentials",
                package.what()
            )));
        }
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(network)? {
        body.extend_from_slice(&chunk);
        if body.len() as u64 > max {
            return Err(SourceError::LimitExceeded {
                what: format!("the download of {}", package.what()),
                limit: "bytes",
                max,
            });
        }
    }
    Ok(Some(body))
}

/// An error with its causes: reqwest keeps the interesting part at the bottom.
fn chain(error: &dyn std::error::Error) -> String {
    let mut out = error.to_string();
    let mut cause = error.source();
    while let Some(e) = cause {
        out = format!("{out}: {e}");
        cause = e.source();
    }
    out
}

#[cfg(test)]
#[path = "pypi_tests.rs"]
mod tests;
