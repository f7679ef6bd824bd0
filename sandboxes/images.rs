//! Images: the root folders that jobs run in.
//!
//! An image lies in `STATE/images/NAME/ID/`: the tree in `rootfs/`, and `image-RECIPE.json` about it. Its id is a hash over
//! the tree, so two builds from the same packages have the same id, on any machine. It is made in a temporary folder beside
//! the final one, and renamed when it is whole.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::SandboxError;
use crate::hash::hex;
use crate::job::{Job, Limits, Status, Step, When};
use crate::runtime::{Namespaces, Options, Tier, build_tree};
use crate::table::{SandboxSpec, TABLE, spec};
use crate::{aptsources, tree};

/// What every install script sources.
const BASE: &str = include_str!("base.sh");
/// The folder of the script and what it needs, in an unfinished build.
const INSTALL: &str = "install";
/// Where the install scripts keep the packages that they downloaded, so that a build that failed goes on from there.
const PACKAGE_CACHE: &str = "ASSAY_DEB_CACHE";

/// What makes an image's tree. The tree, and so the id, is the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Builder {
    /// The sandbox's install script, with mmdebstrap on this machine.
    #[default]
    Script,
    /// The sandbox's Dockerfile, which runs the same script, with a Docker engine.
    Docker,
}

/// A built image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImageInfo {
    pub name: String,
    /// SHA-256 over the tree, 64 hex digits.
    pub id: String,
    /// Bytes in its files.
    pub bytes: u64,
    /// Tool and the version that it told from inside the sandbox.
    pub tools: BTreeMap<String, String>,
    /// Packages that differ from the committed lock, as `name=version (locked: version)`; the mirror had no other.
    pub departs: Vec<String>,
    /// Hash of the script and the lock that it was made with.
    recipe: String,
    /// The tree.
    #[serde(skip)]
    pub rootfs: PathBuf,
}

/// The image of a sandbox, if it was built by this version of its script and lock.
pub fn load(name: &str, state_dir: &Path) -> Result<ImageInfo, SandboxError> {
    let spec = spec(name)?;
    find(spec, state_dir)?.ok_or_else(|| SandboxError::ImageMissing {
        name: name.to_string(),
        remedy: format!("assay sandbox build {name}"),
    })
}

/// Every image that is built and up to date, by name.
pub fn list(state_dir: &Path) -> Result<Vec<ImageInfo>, SandboxError> {
    let found: Result<Vec<_>, _> = TABLE.iter().map(|spec| find(spec, state_dir)).collect();
    Ok(found?.into_iter().flatten().collect())
}

/// Fails unless an image's tree still is what its id says. Reads all of it.
pub(crate) fn verify(image: &ImageInfo) -> Result<(), SandboxError> {
    let measured = tree::measure(&image.rootfs);
    let (id, _) = measured.map_err(|error| SandboxError::image(&image.name, format!("read the tree: {error}")))?;
    if id == image.id {
        return Ok(());
    }
    let what = format!(
        "its tree was changed: it hashes to {id}, not to {}; remove {} and build it again",
        image.id,
        image.rootfs.display()
    );
    Err(SandboxError::image(&image.name, what))
}

/// Builds an image unless it is there. Takes minutes and blocks: call it from a thread that may. `progress` gets lines
/// for people. Two processes that build the same image wait for each other; a build that was killed leaves a temporary
/// folder, which the next one removes.
pub fn build(name: &str, state_dir: &Path, progress: &(dyn Fn(&str) + Sync)) -> Result<ImageInfo, SandboxError> {
    build_with(Builder::Script, name, state_dir, progress)
}

/// [`build`] with either builder.
pub fn build_with(
    builder: Builder,
    name: &str,
    state_dir: &Path,
    progress: &(dyn Fn(&str) + Sync),
) -> Result<ImageInfo, SandboxError> {
    let spec = spec(name)?;
    let fail = |what: &str, error: io::Error| SandboxError::image(name, format!("{what}: {error}"));
    let folder = state_dir.join("images").join(name);
    fs::create_dir_all(&folder).map_err(|error| fail(&folder.display().to_string(), error))?;
    let _lock = lock(&folder.join(".lock")).map_err(|error| fail("lock", error))?;
    if let Some(image) = find(spec, state_dir)? {
        return Ok(image);
    }
    remove_leftovers(&folder).map_err(|error| fail("remove an unfinished build", error))?;
    let work = tempfile::Builder::new().prefix(".build-").tempdir_in(&folder);
    let work = work.map_err(|error| fail("make a folder", error))?;
    match builder {
        Builder::Script => install(spec, work.path(), &state_dir.join("packages"), progress)?,
        Builder::Docker => {
            let dockerfile = format!("{name}/Dockerfile");
            build_tree(name, &context(spec), &dockerfile, work.path(), progress)?;
        }
    }
    progress("hashing the tree");
    let rootfs = work.path().join("rootfs");
    let (id, bytes) = tree::measure(&rootfs).map_err(|error| fail("read the tree", error))?;
    let packages = fs::read_to_string(rootfs.join("etc/packages")).map_err(|error| fail("list of packages", error))?;
    progress("asking the tools for their versions");
    let tools = versions(spec, &rootfs)?;
    let departs = departures(spec.lock, &packages);
    let image = ImageInfo {
        name: name.to_string(),
        id,
        bytes,
        tools,
        departs,
        recipe: recipe(spec),
        rootfs,
    };
    keep(image, work, &folder).map_err(|error| fail("put in place", error))
}

fn recipe(spec: &SandboxSpec) -> String {
    let mut hash = Sha256::new();
    let files = spec.files.iter().flat_map(|(name, text)| [*name, *text]);
    let base = spec.base.map(recipe);
    let parts = [spec.install, spec.lock, BASE].into_iter().chain(files);
    for part in parts.chain(base.as_deref()) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hex(&hash.finalize()[..16])
}

fn find(spec: &SandboxSpec, state_dir: &Path) -> Result<Option<ImageInfo>, SandboxError> {
    let folder = state_dir.join("images").join(spec.name);
    let fail = |error: io::Error| SandboxError::image(spec.name, format!("{}: {error}", folder.display()));
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(fail)?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(fail)?.path();
        let Ok(text) = fs::read_to_string(path.join(about(&recipe(spec)))) else {
            continue;
        };
        let Ok(mut image) = serde_json::from_str::<ImageInfo>(&text) else {
            continue;
        };
        image.rootfs = path.join("rootfs");
        if image.recipe == recipe(spec) && path.file_name().is_some_and(|name| name == image.id.as_str()) {
            found.push(image);
        }
    }
    Ok(found.into_iter().min_by(|a, b| a.id.cmp(&b.id)))
}

/// The file in an image's folder that tells of its tree: one for each recipe that came to the same tree.
fn about(recipe: &str) -> String {
    format!("image-{recipe}.json")
}

fn lock(path: &Path) -> io::Result<File> {
    let file = File::options().create(true).append(true).open(path)?;
    // SAFETY: plain system call on a descriptor that we hold.
    if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(file)
}

/// What builds that were killed left behind. Nobody builds now: the caller holds the lock.
fn remove_leftovers(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(".build-") {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// The files of a `docker build`, laid out as in this folder.
fn context(spec: &SandboxSpec) -> Vec<(String, &'static str)> {
    let own = [
        ("Dockerfile", spec.dockerfile),
        ("install.sh", spec.install),
        ("packages.lock", spec.lock),
    ];
    let own = own.iter().chain(spec.files);
    let own = own.map(|(file, text)| (format!("{}/{file}", spec.name), *text));
    let base = spec.base.map(context).unwrap_or_default();
    own.chain([("base.sh".to_string(), BASE)]).chain(base).collect()
}

/// Lays out an install script and all that it needs.
fn lay_out(spec: &SandboxSpec, folder: &Path) -> io::Result<()> {
    let own = [
        ("base.sh", BASE),
        ("install.sh", spec.install),
        ("packages.lock", spec.lock),
    ];
    for (name, text) in own.iter().chain(spec.files) {
        let file = folder.join(name);
        fs::create_dir_all(file.parent().unwrap_or(folder))?;
        fs::write(&file, text)?;
    }
    spec.base.map_or(Ok(()), |base| lay_out(base, &folder.join(base.name)))
}

/// Runs the install script into `work/rootfs`. Packages are kept in `cache`.
fn install(
    spec: &SandboxSpec,
    work: &Path,
    cache: &Path,
    progress: &(dyn Fn(&str) + Sync),
) -> Result<(), SandboxError> {
    let fail = |what: &str, error: io::Error| SandboxError::image(spec.name, format!("{what}: {error}"));
    let (made, rootfs) = (work.join(INSTALL), work.join("rootfs"));
    fs::create_dir(&rootfs).map_err(|error| fail("make the root folder", error))?;
    fs::create_dir_all(cache).map_err(|error| fail("make a folder for packages", error))?;
    lay_out(spec, &made).map_err(|error| fail("write the script", error))?;
    let (script, lock) = (made.join("install.sh"), made.join("packages.lock"));
    progress("installing packages");
    let mut child = Command::new("bash")
        .args([&script, &rootfs, &lock])
        .args(aptsources::bookworm())
        .env(PACKAGE_CACHE, cache)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| fail("run the script", error))?;
    let said = child
        .stderr
        .take()
        .map(|stderr| follow(stderr, progress))
        .unwrap_or_default();
    let status = child.wait().map_err(|error| fail("run the script", error))?;
    if status.success() {
        return Ok(());
    }
    Err(SandboxError::image(
        spec.name,
        format!("the install script ended with {status}: {said}"),
    ))
}

/// Passes lines on, and returns the last few of them, for a message.
fn follow(stream: impl io::Read, progress: &dyn Fn(&str)) -> String {
    let mut last = std::collections::VecDeque::new();
    for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).trim_end().to_string();
        progress(&line);
        last.push_back(line);
        if last.len() > 8 {
            last.pop_front();
        }
    }
    Vec::from(last).join("; ")
}

/// Packages whose version is not the locked one, or that the lock does not have.
fn departures(lock: &str, packages: &str) -> Vec<String> {
    let pairs = |text: &'_ str| -> BTreeMap<String, String> {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines
            .filter_map(|line| line.split_once('='))
            .map(|(name, version)| (name.into(), version.into()))
            .collect()
    };
    let (locked, found) = (pairs(lock), pairs(packages));
    let mut list: Vec<String> = found
        .iter()
        .filter(|(name, version)| locked.get(*name) != Some(version))
        .map(|(name, version)| {
            let locked = locked.get(name).map_or("none", String::as_str);
            format!("{name}={version} (locked: {locked})")
        })
        .collect();
    list.extend(
        locked
            .iter()
            .filter(|(name, _)| !found.contains_key(*name))
            .map(|(name, version)| format!("{name} is gone (locked: {version})")),
    );
    list
}

/// Runs each tool once in the finished tree, in the strongest tier that this machine has: nothing of it is untrusted yet.
fn versions(spec: &SandboxSpec, rootfs: &Path) -> Result<BTreeMap<String, String>, SandboxError> {
    let step = |(tool, argv): &(&str, &[&str])| Step {
        name: tool.to_string(),
        argv: argv.iter().map(|arg| arg.to_string()).collect(),
        when: When::Always,
    };
    let job = Job {
        sandbox: spec.name.to_string(),
        files: Vec::new(),
        steps: spec.tools.iter().map(step).collect(),
        limits: Limits::default(),
    };
    // The sandbox needs no image, only this tree, so the state folder does not matter.
    let options = Options {
        state_dir: rootfs.to_path_buf(),
        slots: 1,
        allow_weaker: Some(Tier::NoCgroup),
    };
    // On a thread of its own: the caller's may belong to a runtime already.
    let completion = std::thread::scope(|scope| {
        let probe = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|error| SandboxError::supervisor("start a runtime", error))?;
            let sandbox = Namespaces::open(options)?;
            runtime.block_on(sandbox.run_in(&job, rootfs, None))
        });
        probe
            .join()
            .unwrap_or_else(|_| Err(SandboxError::image(spec.name, "the version probe panicked")))
    })?;
    let mut tools = BTreeMap::new();
    for result in completion.steps {
        let log = String::from_utf8_lossy(&result.log).into_owned();
        match (log.lines().next(), &result.status) {
            (Some(line), Status::Exit(0)) if !line.trim().is_empty() => {
                tools.insert(result.name, line.trim().to_string());
            }
            _ => {
                return Err(SandboxError::image(
                    spec.name,
                    format!("{} does not run: {log}", result.name),
                ));
            }
        }
    }
    Ok(tools)
}

/// Moves a finished build to its place, which its id names.
fn keep(mut image: ImageInfo, work: tempfile::TempDir, folder: &Path) -> io::Result<ImageInfo> {
    let place = folder.join(&image.id);
    let text = serde_json::to_string_pretty(&image).map_err(io::Error::other)?;
    let about = about(&image.recipe);
    fs::write(work.path().join(&about), text + "\n")?;
    if place.exists() {
        // The same tree from another script.
        fs::rename(work.path().join(&about), place.join(&about))?;
    } else {
        let made = work.keep();
        match fs::remove_dir_all(made.join(INSTALL)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::rename(&made, &place)?;
    }
    image.rootfs = place.join("rootfs");
    Ok(image)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn departures_name_what_differs() {
        let lock = "# versions\na=1\nb=2\nc=3\n";
        assert_eq!(departures(lock, "a=1\nb=2\nc=3\n"), Vec::<String>::new());
        assert_eq!(
            departures(lock, "a=1\nb=9\nd=4\n"),
            ["b=9 (locked: 2)", "d=4 (locked: none)", "c is gone (locked: 3)"]
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        let state = tempfile::tempdir().unwrap();
        let missing = load("verilog", state.path()).unwrap_err();
        assert_eq!(missing.kind(), "image_missing");
        assert!(missing.to_string().contains("assay sandbox build verilog"));
        assert_eq!(load("vhdl", state.path()).unwrap_err().kind(), "unknown_sandbox");
        assert_eq!(list(state.path()).unwrap(), []);
    }

    #[test]
    fn a_half_written_image_is_no_image() {
        let state = tempfile::tempdir().unwrap();
        let place = state.path().join("images/verilog/0123");
        fs::create_dir_all(&place).unwrap();
        let about = about(&recipe(spec("verilog").unwrap()));
        fs::write(place.join(about), "{\"name\":").unwrap();
        assert_eq!(load("verilog", state.path()).unwrap_err().kind(), "image_missing");
    }

    #[test]
    fn a_tree_that_two_recipes_come_to_is_known_to_both() {
        let state = tempfile::tempdir().unwrap();
        let folder = state.path().join("images/verilog");
        fs::create_dir_all(&folder).unwrap();
        let recipe = recipe(spec("verilog").unwrap());
        for recipe in [recipe.as_str(), "another"] {
            let work = tempfile::tempdir_in(&folder).unwrap();
            fs::create_dir(work.path().join("rootfs")).unwrap();
            let image = ImageInfo {
                name: "verilog".into(),
                id: "0123".into(),
                bytes: 0,
                tools: BTreeMap::new(),
                departs: Vec::new(),
                recipe: recipe.to_string(),
                rootfs: work.path().join("rootfs"),
            };
            keep(image, work, &folder).unwrap();
            let found = load("verilog", state.path()).unwrap();
            assert_eq!(
                (found.recipe, found.id.as_str()),
                (self::recipe(spec("verilog").unwrap()), "0123")
            );
        }
    }
}
