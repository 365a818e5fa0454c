# syntax=docker/dockerfile:1

# Two stages: the compiler stays behind; what ships is one static binary without a shell beside it.
ARG GO_VERSION=1.26

FROM --platform=$BUILDPLATFORM golang:${GO_VERSION}-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG TARGETOS TARGETARCH
# timetzdata: an account's dates are in its own time zone, and scratch has no zone files.
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -buildvcs=false -tags timetzdata -ldflags '-s -w' -o /out/kontor ./cmd/kontor
# The data folder must belong to the user below; scratch has no chown.
RUN mkdir -p /out/data /out/tmp && chmod 1777 /out/tmp

FROM scratch
LABEL org.opencontainers.image.title="Kontor" \
      org.opencontainers.image.description="B2B procurement server: punchout, credit, payments, invoicing" \
      org.opencontainers.image.licenses="Apache-2.0"
# Certificates of the public authorities, for calls to providers and buyers' systems.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/kontor /kontor
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build /out/tmp /tmp
USER 65532:65532
# SQLite, its key file and anything relative land here unless KONTOR_DATABASE_URL names PostgreSQL.
WORKDIR /data
VOLUME /data
EXPOSE 8080
# There is no shell and no curl: the binary asks its own /readyz.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 CMD ["/kontor", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/kontor"]
CMD ["serve"]
