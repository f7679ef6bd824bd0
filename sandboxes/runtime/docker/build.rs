//! Builds a sandbox's tree with the engine, from the sandbox's Dockerfile.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use bollard::models::ContainerCreateBody;
use bollard::query_parameters::{BuildImageOptions, DownloadFromContainerOptions};
use bytes::Bytes;
use futures_util::StreamExt;

use super::engine::{Engine, complete, fault};
use crate::error::SandboxError;

/// The stage of the Dockerfile that holds the tree, and where.
const STAGE: &str = "build";
const TREE: &str = "/rootfs";

/// Makes `work/rootfs` by `docker build`. `context` holds the files of the build (paths and texts), `dockerfile` among
/// them. `progress` gets the engine's lines. The engine keeps what each step of the Dockerfile made, so a build that
/// failed goes on from there.
pub(crate) fn build_tree(
    name: &str,
    context: &[(String, &str)],
    dockerfile: &str,
    work: &Path,
    progress: &(dyn Fn(&str) + Sync),
) -> Result<(), SandboxError> {
    complete(async {
        let engine = Engine::connect().await?;
        let fail = |error: io::Error| SandboxError::image(name, format!("build with docker: {error}"));
        let image = format!("assay-build-{name}");
        let options = BuildImageOptions {
            dockerfile: dockerfile.to_string(),
            t: Some(image.clone()),
            target: STAGE.to_string(),
            rm: true,
            forcerm: true,
            buildargs: Some(arguments()),
            ..BuildImageOptions::default()
        };
        let context = bollard::body_full(pack(context).map_err(fail)?);
        let mut said = Box::pin(engine.api.build_image(options, None, Some(context)));
        while let Some(line) = said.next().await {
            let line = line.map_err(fault("docker build"))?;
            if let Some(error) = line.error_detail.and_then(|detail| detail.message) {
                return Err(SandboxError::image(name, format!("docker build: {error}")));
            }
            for text in line
                .stream
                .iter()
                .flat_map(|text| text.lines())
                .filter(|text| !text.trim().is_empty())
            {
                progress(text);
            }
        }
        progress("copying the tree");
        let body = ContainerCreateBody {
            image: Some(image),
            cmd: Some(vec!["true".to_string()]),
            ..ContainerCreateBody::default()
        };
        let container = engine
            .create(&format!("assay-build-{}", std::process::id()), body)
            .await?;
        let copied = copy(&engine, &container, work).await;
        engine.remove(&container).await?;
        copied.map_err(fail)
    })
}

/// Settings of pip that the caller has and a build in a container does not see. What it brings is held to the locked hashes
/// whoever brings it.
fn arguments() -> HashMap<String, String> {
    let set = |name: &str| Some((name.to_string(), std::env::var(name).ok()?));
    ["PIP_INDEX_URL", "PIP_TRUSTED_HOST"]
        .into_iter()
        .filter_map(set)
        .collect()
}

/// An archive of the build's files.
fn pack(context: &[(String, &str)]) -> io::Result<Bytes> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, text) in context {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, path, text.as_bytes())?;
    }
    Ok(archive.into_inner()?.into())
}

/// Copies the tree out of a container that need not run.
async fn copy(engine: &Engine, container: &str, work: &Path) -> io::Result<()> {
    let options = DownloadFromContainerOptions { path: TREE.to_string() };
    let path = work.join("tree.tar");
    let mut file = File::create(&path)?;
    let mut blocks = Box::pin(engine.api.download_from_container(container, Some(options)));
    while let Some(block) = blocks.next().await {
        file.write_all(&block.map_err(io::Error::other)?)?;
    }
    drop(file);
    let mut archive = tar::Archive::new(File::open(&path)?);
    // Modes are part of the tree's identity, whatever our umask; owners are not.
    archive.set_preserve_permissions(true);
    archive.unpack(work)?;
    fs::remove_file(&path)
}
