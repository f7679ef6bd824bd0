//! The engine's API, as far as it is needed, over its Unix socket.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};

use bollard::errors::Error;
use bollard::models::{ContainerCreateBody, ContainerUpdateBody};
use bollard::query_parameters::{
    CreateContainerOptions, CreateImageOptions, ListContainersOptions, RemoveContainerOptions,
};
use bollard::{API_DEFAULT_VERSION, Docker as Api};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::sync::mpsc;

use crate::error::SandboxError;

/// Where an engine listens unless `DOCKER_HOST` says otherwise.
const SOCKET: &str = "/var/run/docker.sock";
/// Longest answer to one request, seconds. Importing an image of some gigabytes is the slowest.
const TIMEOUT_SECONDS: u64 = 600;
/// Bytes of an archive that are on their way to the engine, in blocks.
const BLOCK_BYTES: usize = 256 << 10;
const BLOCKS: usize = 8;

/// A connection to an engine. Belongs to the tokio runtime that it is first used in.
#[derive(Clone, Debug)]
pub(crate) struct Engine {
    pub api: Api,
}

impl Engine {
    /// Connects to the engine of `DOCKER_HOST`, or the machine's. The error says that there is none, and what to do.
    pub async fn connect() -> Result<Engine, SandboxError> {
        let host = std::env::var("DOCKER_HOST").unwrap_or_default();
        let socket = match host.strip_prefix("unix://") {
            Some(path) => path.to_string(),
            None if host.is_empty() => SOCKET.to_string(),
            None => return Err(no_engine(&format!("DOCKER_HOST is `{host}`, and only unix:// will do"))),
        };
        let fail = |error: Error| no_engine(&format!("{socket}: {error}"));
        let api = Api::connect_with_unix(&socket, TIMEOUT_SECONDS, API_DEFAULT_VERSION).map_err(fail)?;
        let api = api.negotiate_version().await.map_err(fail)?;
        Ok(Engine { api })
    }

    /// Fails unless the engine can hold every limit; the error names what it lacks.
    pub async fn check(&self) -> Result<(), SandboxError> {
        let info = self.api.info().await.map_err(fault("ask the engine what it can do"))?;
        let secured = info.security_options.unwrap_or_default();
        let has = [
            ("docker memory limit", info.memory_limit == Some(true)),
            ("docker pids limit", info.pids_limit == Some(true)),
            ("docker seccomp", secured.iter().any(|name| name.contains("seccomp"))),
        ];
        match has.into_iter().find(|(_, here)| !here) {
            None => Ok(()),
            Some((layer, _)) => Err(SandboxError::MissingLayer {
                layer,
                remedy: "the engine's kernel or control groups lack it; `docker info` says more".to_string(),
            }),
        }
    }

    pub async fn has_image(&self, tag: &str) -> Result<bool, SandboxError> {
        match self.api.inspect_image(tag).await {
            Ok(_) => Ok(true),
            Err(Error::DockerResponseServerError { status_code: 404, .. }) => Ok(false),
            Err(error) => Err(fault("look for the image")(error)),
        }
    }

    /// Gives the engine a folder tree as an image.
    pub async fn import(&self, tree: &Path, repository: &str, tag: &str) -> Result<(), SandboxError> {
        let options = CreateImageOptions {
            from_src: Some("-".to_string()),
            repo: Some(repository.to_string()),
            tag: Some(tag.to_string()),
            ..CreateImageOptions::default()
        };
        let body = bollard::body_try_stream(archive(tree.to_path_buf()));
        let mut said = Box::pin(self.api.create_image(Some(options), Some(body), None));
        while let Some(line) = said.next().await {
            line.map_err(fault("import the image"))?;
        }
        Ok(())
    }

    /// Creates and starts a container; its id and first process. What started and failed is removed.
    pub async fn start(&self, name: &str, body: ContainerCreateBody) -> Result<(String, i32), SandboxError> {
        let id = self.create(name, body).await?;
        let started = async {
            self.api.start_container(&id, None).await?;
            self.api.inspect_container(&id, None).await
        };
        let pid = started.await.map(|found| found.state.and_then(|state| state.pid));
        match pid {
            Ok(pid) => Ok((id, pid.unwrap_or_default() as i32)),
            Err(error) => {
                self.remove(&id).await?;
                Err(fault("start a container")(error))
            }
        }
    }

    /// The image's absence is an error of its own.
    pub async fn create(&self, name: &str, body: ContainerCreateBody) -> Result<String, SandboxError> {
        let image = body.image.clone().unwrap_or_default();
        let options = CreateContainerOptions {
            name: Some(name.to_string()),
            ..CreateContainerOptions::default()
        };
        match self.api.create_container(Some(options), body).await {
            Ok(created) => Ok(created.id),
            Err(Error::DockerResponseServerError { status_code: 404, .. }) => Err(SandboxError::ImageMissing {
                remedy: format!("docker image inspect {image}"),
                name: image,
            }),
            Err(error) => Err(fault("create a container")(error)),
        }
    }

    pub async fn limit_pids(&self, id: &str, pids: i64) -> Result<(), SandboxError> {
        let body = ContainerUpdateBody {
            pids_limit: Some(pids),
            ..ContainerUpdateBody::default()
        };
        self.api
            .update_container(id, body)
            .await
            .map_err(fault("limit the processes"))
    }

    /// Whether the kernel killed in the container for want of memory, as the engine noticed it.
    pub async fn out_of_memory(&self, id: &str) -> Result<bool, SandboxError> {
        let found = self.api.inspect_container(id, None).await;
        let state = found.map_err(fault("look at a container"))?.state;
        Ok(state.and_then(|state| state.oom_killed) == Some(true))
    }

    /// Kills and removes a container. None of that name is fine.
    pub async fn remove(&self, id: &str) -> Result<(), SandboxError> {
        let options = RemoveContainerOptions {
            force: true,
            v: true,
            ..RemoveContainerOptions::default()
        };
        match self.api.remove_container(id, Some(options)).await {
            Ok(())
            | Err(Error::DockerResponseServerError {
                status_code: 404 | 409, ..
            }) => Ok(()),
            Err(error) => Err(fault("remove a container")(error)),
        }
    }

    /// Ids of the containers with this label, and the label's value.
    pub async fn labelled(&self, label: &str) -> Result<Vec<(String, String)>, SandboxError> {
        let options = ListContainersOptions {
            all: true,
            filters: Some(HashMap::from([("label".to_string(), vec![label.to_string()])])),
            ..ListContainersOptions::default()
        };
        let found = self.api.list_containers(Some(options)).await;
        let found = found.map_err(fault("list the containers"))?;
        Ok(found
            .into_iter()
            .filter_map(|container| Some((container.id?, container.labels?.remove(label)?)))
            .collect())
    }
}

fn no_engine(why: &str) -> SandboxError {
    SandboxError::MissingLayer {
        layer: "docker engine",
        remedy: format!("{why}; start one, or have DOCKER_HOST name its socket, or use `--runtime namespaces`"),
    }
}

/// What the engine refuses, or a connection that broke: either may go well when tried again.
pub(crate) fn fault(what: &'static str) -> impl Fn(Error) -> SandboxError {
    move |error| match error {
        Error::DockerResponseServerError { message, .. } | Error::DockerStreamError { error: message } => {
            SandboxError::Spawn(format!("{what}: {}", message.trim()))
        }
        other => SandboxError::supervisor(what, io::Error::other(other)),
    }
}

/// A tree as an archive, made on a thread of its own while it is read. If the tree cannot be read, the stream says so.
fn archive(tree: PathBuf) -> impl Stream<Item = io::Result<Bytes>> {
    let (sender, receiver) = mpsc::channel::<io::Result<Bytes>>(BLOCKS);
    tokio::task::spawn_blocking(move || {
        let write = || -> io::Result<()> {
            let blocks = Blocks(sender.clone());
            let mut builder = tar::Builder::new(io::BufWriter::with_capacity(BLOCK_BYTES, blocks));
            builder.follow_symlinks(false);
            builder.append_dir_all(".", &tree)?;
            let mut rest = builder.into_inner()?;
            io::Write::flush(&mut rest)
        };
        if let Err(error) = write() {
            // Nobody listens if the engine hung up, and then it is known.
            let _ = sender.blocking_send(Err(error));
        }
    });
    futures_util::stream::unfold(receiver, |mut receiver| async move {
        let block = receiver.recv().await?;
        Some((block, receiver))
    })
}

/// Writes into a channel.
struct Blocks(mpsc::Sender<io::Result<Bytes>>);

impl io::Write for Blocks {
    fn write(&mut self, block: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(block)));
        sent.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(block.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs something to its end, whether the caller is inside a tokio runtime or not, on a thread and a runtime of its own.
pub(crate) fn complete<T: Send>(work: impl Future<Output = Result<T, SandboxError>> + Send) -> Result<T, SandboxError> {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|error| SandboxError::supervisor("start a runtime", error))?;
            runtime.block_on(work)
        });
        thread
            .join()
            .unwrap_or_else(|_| Err(SandboxError::Spawn("talking to the engine panicked".to_string())))
    })
}
