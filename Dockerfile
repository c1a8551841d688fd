# syntax=docker/dockerfile:1
# katydid for containers: `docker build -t katydid .`; docs/guide/cluster.md and docs/guide/kubernetes.md say how to use it.
# What starts Locust's image starts this one, too: the same command, folders, ports and user id.

FROM node:22-bookworm-slim AS page
WORKDIR /src
COPY scripts/page scripts/page
COPY web web
RUN scripts/page

# The wheel is for one Python, so it is built with the one that runs it.
FROM python:3.12-slim-bookworm AS wheels
COPY --from=rust:1.95-slim-bookworm /usr/local/rustup /usr/local/rustup
COPY --from=rust:1.95-slim-bookworm /usr/local/cargo /usr/local/cargo
ENV RUSTUP_HOME=/usr/local/rustup CARGO_HOME=/usr/local/cargo PATH=/usr/local/cargo/bin:$PATH
# hadolint ignore=DL3008 # any gcc of this Debian builds the few lines of C in the crates
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY Cargo.toml Cargo.lock pyproject.toml README.md LICENSE-APACHE LICENSE-MIT ./
COPY benches/micro benches/micro
COPY examples/native examples/native
COPY xtask xtask
COPY crates crates
COPY python python
COPY --from=page /src/web/dist web/dist
ENV MATURIN_PEP517_ARGS=--locked CARGO_PROFILE_RELEASE_STRIP=debuginfo
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    pip wheel --no-cache-dir --no-deps --wheel-dir /wheels . ./python/katydid-locust

FROM python:3.12-slim-bookworm
# The extras are what Locust's image has, too.
# hadolint ignore=DL3013 # the two wheels are those of this tree, and say which versions they need
RUN --mount=type=bind,from=wheels,source=/wheels,target=/wheels \
    set -- /wheels/katydid-*.whl \
    && pip install --no-cache-dir "$1[otel,socketio,web]" /wheels/katydid_locust-*.whl
# Charts name the command where Locust's images had it, old ones and new ones. Group 0 may write for those who give each
# container a user id of its own.
RUN useradd --uid 1000 --create-home locust \
    && mkdir -p /mnt/locust /opt/venv/bin /var/lib/katydid \
    && ln -s /usr/local/bin/katydid /usr/local/bin/locust /opt/venv/bin/ \
    && chown -R 1000:0 /home/locust /var/lib/katydid \
    && chmod -R g=u /home/locust /var/lib/katydid
# A master and a page that nobody outside of the container reaches are of no use: here they listen on all addresses.
# Whoever can reach port 5557 takes part, unless there is a cluster key (KATYDID_CLUSTER_KEY).
ENV LOCUST_MASTER_BIND_HOST=* LOCUST_WEB_HOST=* XDG_DATA_HOME=/var/lib PATH=$PATH:/home/locust/.local/bin \
    PYTHONUNBUFFERED=1
EXPOSE 8089 5557
USER 1000
WORKDIR /home/locust
# No HEALTHCHECK: a worker and a run without the page listen nowhere. deploy/compose.yaml has the master's.
ENTRYPOINT ["locust"]
