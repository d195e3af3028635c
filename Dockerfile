# syntax=docker/dockerfile:1
# The agent alone:                      docker build -t restic-otel .
# With ssh and rclone, for sftp: and rclone: repositories: docker build -t restic-otel --target programs .
# On another base without a shell:      docker build --build-arg BASE=... .

# Renovate pins both images by digest (.github/renovate.json); until it has run they are the newest of their tag.
ARG BASE=node:24-bookworm-slim

FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
COPY instrumentation/package.json instrumentation/
RUN ["npm", "ci"]
COPY tsconfig.json ./
COPY src src
COPY instrumentation instrumentation
RUN ["npm", "run", "build"]
RUN ["npm", "ci", "--omit=dev"]

FROM ${BASE} AS agent
# The Node.js of the build: another base may have none.
COPY --from=build /usr/local/bin/node /usr/local/bin/node
WORKDIR /app
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/instrumentation/package.json instrumentation/
COPY --from=build /build/instrumentation/dist instrumentation/dist
COPY --from=build /build/dist dist
ENV NODE_ENV=production
# Optional: lowers the peak memory of the first collection of large repositories.
ENV NODE_OPTIONS=--max-semi-space-size=8
# The agent looks for config.json in its working directory.
WORKDIR /etc/restic-otel
USER 65532:65532
EXPOSE 9121
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["/usr/local/bin/node", "/app/dist/main.js", "--healthcheck"]
ENTRYPOINT ["/usr/local/bin/node", "/app/dist/main.js"]

FROM agent AS programs
USER 0:0
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates openssh-client rclone \
  && rm -rf /var/lib/apt/lists/*
USER 65532:65532

# The default is the first of the two.
FROM agent
