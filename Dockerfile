# The worker: `assay` on a small Debian, with what it needs to run sandboxes and to build their images.
# Needs nothing of BuildKit. RUST_IMAGE may be any Debian 12 with cargo. `--target prebuilt` takes the program that this
# machine built (target/release/assay) instead of building one.
ARG RUST_IMAGE=rust:1.95-slim-bookworm
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${BASE_IMAGE} AS base
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
      bubblewrap ca-certificates mmdebstrap mount postgresql-client python3 \
 && rm -rf /var/lib/apt/lists/*
COPY recipes /assay/recipes
# Sandbox images; a volume, so that they are built once.
ENV ASSAY_STATE=/var/lib/assay
VOLUME /var/lib/assay
WORKDIR /assay
ENTRYPOINT ["assay"]
CMD ["worker"]

FROM base AS prebuilt
COPY target/release/assay /usr/local/bin/assay

FROM ${RUST_IMAGE} AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends build-essential ca-certificates \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --release --locked

FROM base
COPY --from=build /src/target/release/assay /usr/local/bin/assay
