# Not built yet where this was written: no container engine was at hand there. The commands of both stages are those that build and
# run Pesanan on a plain Debian bookworm.

FROM rust:1.95-slim-bookworm AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends libpq-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY . .
RUN cargo build --locked --profile dist --bin pesanan

FROM debian:bookworm-slim
# curl is for the health check alone.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates curl libpq5 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin pesanan
COPY --from=build /build/target/dist/pesanan /usr/local/bin/pesanan
COPY LICENSE /usr/share/doc/pesanan/LICENSE
USER pesanan
ENV PESANAN_LISTEN=0.0.0.0:8080
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["curl", "--fail", "--silent", "--show-error", "--output", "/dev/null", "http://127.0.0.1:8080/health/live"]
# Wants PESANAN_DATABASE_URL and PESANAN_JWT_KEYS.
ENTRYPOINT ["pesanan"]
CMD ["serve"]
