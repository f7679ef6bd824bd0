//! Package indexes as pip knows them: where they are, and what their pages list.

use super::SourceError;
use reqwest::Url;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The index that pip uses where nothing else is configured.
const DEFAULT_INDEX: &str = "https://pypi.org/simple";

/// Where packages come from: pip's own settings, so that whatever makes pip work makes this work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipConfig {
    /// Simple indexes, tried in order.
    pub indexes: Vec<String>,
    /// Local folders of package files, looked at first.
    pub find_links: Vec<PathBuf>,
    /// A file of certificates to trust besides the system's.
    pub cert: Option<PathBuf>,
    pub proxy: Option<String>,
}

impl PipConfig {
    /// Reads pip's configuration files and `PIP_…` variables, as pip does.
    pub fn load() -> PipConfig {
        let env = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
        let home = env("HOME").map(PathBuf::from);
        let mut files = vec![PathBuf::from("/etc/xdg/pip/pip.conf"), PathBuf::from("/etc/pip.conf")];
        files.extend(home.as_ref().map(|h| h.join(".pip/pip.conf")));
        let config = env("XDG_CONFIG_HOME")
            .map(PathBuf::from)
            .or_else(|| home.map(|h| h.join(".config")));
        files.extend(config.map(|c| c.join("pip/pip.conf")));
        files.extend(env("VIRTUAL_ENV").map(|v| Path::new(&v).join("pip.conf")));
        files.extend(env("PIP_CONFIG_FILE").map(PathBuf::from));
        let mut settings = BTreeMap::new();
        for file in files {
            settings.extend(parse_ini(&std::fs::read_to_string(file).unwrap_or_default()));
        }
        for key in [
            "index-url",
            "extra-index-url",
            "find-links",
            "no-index",
            "cert",
            "proxy",
        ] {
            let name = format!("PIP_{}", key.to_uppercase().replace('-', "_"));
            settings.extend(env(&name).map(|value| (key.to_string(), value)));
        }
        PipConfig::from_settings(&settings)
    }

    /// From pip's option names (without dashes in front) and their values.
    fn from_settings(settings: &BTreeMap<String, String>) -> PipConfig {
        let words = |key| {
            settings
                .get(key)
                .into_iter()
                .flat_map(|v: &String| v.split_whitespace())
                .map(String::from)
        };
        let off = settings
            .get("no-index")
            .is_some_and(|v| matches!(v.trim(), "1" | "true" | "yes" | "on"));
        let mut indexes = Vec::new();
        if !off {
            indexes.push(
                settings
                    .get("index-url")
                    .map_or(DEFAULT_INDEX, |u| u.trim())
                    .to_string(),
            );
            indexes.extend(words("extra-index-url"));
        }
        let local = |link: String| {
            let path = PathBuf::from(link.strip_prefix("file://").unwrap_or(&link));
            path.is_absolute().then_some(path)
        };
        PipConfig {
            indexes,
            find_links: words("find-links").filter_map(local).collect(),
            cert: settings.get("cert").map(|p| PathBuf::from(p.trim())),
            proxy: settings.get("proxy").map(|p| p.trim().to_string()),
        }
    }
}

/// The settings of a pip.conf that concern downloads: `[global]`, then `[download]`; continued lines are joined.
fn parse_ini(text: &str) -> BTreeMap<String, String> {
    let mut sections: BTreeMap<&str, BTreeMap<String, String>> = BTreeMap::new();
    let (mut section, mut key) = ("", String::new());
    for line in text.lines().filter(|l| !l.trim_start().starts_with(['#', ';'])) {
        if let Some(name) = line.trim().strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            (section, key) = (name, String::new());
        } else if line.starts_with([' ', '\t']) && !key.is_empty() {
            if let Some(value) = sections.entry(section).or_default().get_mut(&key) {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(['=', ':']) {
            key = name.trim().to_lowercase().replace('_', "-");
            sections
                .entry(section)
                .or_default()
                .insert(key.clone(), value.trim().to_string());
        }
    }
    let mut settings = sections.remove("global").unwrap_or_default();
    settings.extend(sections.remove("download").unwrap_or_default());
    settings
}

/// A package's name as indexes write it (PEP 503): lower case, runs of `-`, `_` and `.` as one dash.
pub fn normalise(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if !matches!(c, '-' | '_' | '.') {
            out.extend(c.to_lowercase());
        } else if !out.ends_with('-') {
            out.push('-');
        }
    }
    out
}

/// A file that an index offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexFile {
    pub filename: String,
    pub url: Url,
    /// Lower-case hex, where the index says.
    pub sha256: Option<String>,
}

#[derive(Deserialize)]
struct JsonPage {
    files: Vec<JsonFile>,
}

#[derive(Deserialize)]
struct JsonFile {
    filename: String,
    url: String,
    #[serde(default)]
    hashes: BTreeMap<String, String>,
}

/// Reads a project's page, JSON (PEP 691) or HTML (PEP 503). `base` is the page's own address; links that do not
/// parse are passed over.
pub fn parse_page(body: &str, base: &Url) -> Result<Vec<IndexFile>, SourceError> {
    if !body.trim_start().starts_with('{') {
        return Ok(parse_html(body, base));
    }
    let page: JsonPage = serde_json::from_str(body).map_err(|e| SourceError::Network {
        what: "the package index".into(),
        message: format!("its answer is malformed: {e}"),
    })?;
    let file = |mut f: JsonFile| {
        Some(IndexFile {
            filename: f.filename,
            url: base.join(&f.url).ok()?,
            sha256: f.hashes.remove("sha256"),
        })
    };
    Ok(page.files.into_iter().filter_map(file).collect())
}

fn parse_html(body: &str, base: &Url) -> Vec<IndexFile> {
    let link = |tag: &str| {
        let (_, rest) = tag.split_once("href=")?;
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let href = rest[1..]
            .split(quote)
            .next()?
            .replace("&amp;", "&")
            .replace("&#43;", "+");
        let mut url = base.join(&href).ok()?;
        let sha256 = url
            .fragment()
            .and_then(|f| f.strip_prefix("sha256="))
            .map(str::to_lowercase);
        url.set_fragment(None);
        let filename = url
            .path_segments()?
            .next_back()?
            .replace("%2B", "+")
            .replace("%2b", "+");
        Some(IndexFile { filename, url, sha256 })
    };
    body.split("<a ")
        .skip(1)
        .filter_map(|tag| link(tag.split('>').next()?))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Url {
        Url::parse("https://index.test/simple/a-b/").unwrap()
    }

    #[test]
    fn names() {
        assert_eq!(normalise("Python_Data--x.y"), "python-data-x-y");
    }

    #[test]
    fn json_pages() {
        let body = r#"{"meta": {}, "files": [
            {"filename": "a_b-1.0.whl", "url": "../../f/a_b-1.0.whl", "hashes": {"sha256": "ab", "md5": "x"}, "yanked": false},
            {"filename": "a-b-1.0.tar.gz", "url": "https://files.test/a-b-1.0.tar.gz", "hashes": {}}]}"#;
        let files = parse_page(body, &base()).unwrap();
        assert_eq!(files[0].url.as_str(), "https://index.test/f/a_b-1.0.whl");
        assert_eq!(files[0].sha256.as_deref(), Some("ab"));
        assert_eq!(files[1].sha256, None);
        assert!(parse_page("{\"files\": 3}", &base()).unwrap_err().retryable());
    }

    #[test]
    fn html_pages() {
        let body = "<html><a class=x href='../f/a_b-1.0%2Bc.whl#sha256=AB' data-x>a</a><a href=\"https://f.test/x?a=1&amp;b=2\">x</a><a name=y>";
        let files = parse_page(body, &base()).unwrap();
        assert_eq!(files.len(), 2);
        assert_eq!(files[0].filename, "a_b-1.0+c.whl");
        assert_eq!(
            (files[0].url.as_str(), files[0].sha256.as_deref()),
            ("https://index.test/simple/f/a_b-1.0%2Bc.whl", Some("ab"))
        );
        assert_eq!(files[1].url.as_str(), "https://f.test/x?a=1&b=2");
        assert_eq!(parse_page("not a page", &base()).unwrap(), []);
    }

    #[test]
    fn pip_settings() {
        let ini = "# x\n[global]\nindex-url = https://a.test/s\nextra_index_url: https://b.test/s\n   https://c.test/s\n[install]\nproxy = no\n[download]\ncert=/c.pem\nfind-links = /w rel file:///v\n";
        let config = PipConfig::from_settings(&parse_ini(ini));
        assert_eq!(
            config.indexes,
            ["https://a.test/s", "https://b.test/s", "https://c.test/s"]
        );
        assert_eq!(config.find_links, [PathBuf::from("/w"), PathBuf::from("/v")]);
        assert_eq!((config.cert, config.proxy), (Some(PathBuf::from("/c.pem")), None));
        assert_eq!(PipConfig::from_settings(&BTreeMap::new()).indexes, [DEFAULT_INDEX]);
        let off = BTreeMap::from([("no-index".to_string(), "true".to_string())]);
        assert!(PipConfig::from_settings(&off).indexes.is_empty());
    }
}
