# The prediction service, alone or with one artefact. Plain instructions only, so that any builder takes it:
#   docker build -t carnet-api:0.1.0 .                          with the artefact models/flight-delay.carnet inside
#   docker build -t carnet-api:0.1.0 --build-arg MODEL=PATH .   with another one (a path inside this folder)
#   docker build -t carnet-api:0.1.0-bare --target service .    without any: mount one at /models/model.carnet

FROM rust:1.95.0-bookworm AS build
WORKDIR /build
ENV CARGO_TARGET_DIR=/build/target CARGO_TERM_COLOR=never

# First only what decides which dependencies there are, with empty sources in place of the real ones: this layer, the
# long one, is kept until a manifest changes. cargo wants to see every member of the workspace, though it builds one.
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
COPY scripts/rustc-wrapper scripts/rustc-wrapper
COPY derive/Cargo.toml derive/
COPY kernel-ext/Cargo.toml kernel-ext/
COPY kernel-ext/toolkit/Cargo.toml kernel-ext/toolkit/
COPY cli/Cargo.toml cli/
COPY api/Cargo.toml api/
COPY flights/Cargo.toml flights/
COPY bench/Cargo.toml bench/
COPY fuzz/Cargo.toml fuzz/
RUN set -eu; \
    for member in . derive kernel-ext kernel-ext/toolkit cli api flights bench fuzz; do \
        mkdir -p "$member/src"; echo '//! Empty.' > "$member/src/lib.rs"; \
        printf '//! Empty.\nfn main() {}\n' > "$member/src/main.rs"; \
    done; \
    rm src/main.rs derive/src/main.rs kernel-ext/toolkit/src/main.rs; \
    mkdir -p tests/library; cp cli/src/main.rs tests/library/; \
    cp cli/src/main.rs fuzz/src/copy.rs; cp cli/src/main.rs fuzz/src/bson.rs; \
    cargo build --locked -p carnet-api

# Then the sources of what the service links. Copied files keep their times, which may be older than the empty ones'.
COPY derive/src derive/src
COPY src src
COPY api/src api/src
RUN find derive src api -name '*.rs' -exec touch {} + && cargo build --locked -p carnet-api --bin carnet-api

# Nothing but the C library and the binary. It writes nothing, so the container may be read-only.
FROM debian:bookworm-slim AS service
LABEL org.opencontainers.image.title="carnet-api" \
      org.opencontainers.image.description="Serves one Carnet artefact over HTTP" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build /build/target/debug/carnet-api /usr/local/bin/carnet-api
ENV CARNET_LISTEN=0.0.0.0:8080 CARNET_MODEL=/models/model.carnet
USER 10001:10001
EXPOSE 8080
# bash opens the socket itself: no curl in the image.
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 CMD ["bash", "-c", \
    "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /health/ready HTTP/1.0\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]
ENTRYPOINT ["/usr/local/bin/carnet-api"]

# The image's tag names the model as well as the code: a roll-back brings both back.
FROM service
ARG MODEL=models/flight-delay.carnet
COPY ${MODEL} /models/model.carnet
