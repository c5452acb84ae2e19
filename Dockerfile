# Holdfast in a container: `docker compose up -d` with compose.yml, or `docker build .`
# BASE is any Debian 13 image, so that it can be built where no public registry is reached; one that has npm is built faster.
ARG BASE=node:24-trixie-slim

FROM ${BASE} AS build
RUN command -v npm || (apt-get update && apt-get install -y --no-install-recommends npm ca-certificates)
WORKDIR /opt/holdfast
COPY package.json package-lock.json ./
# Brings Node 24 as well, whatever Node npm itself runs on.
RUN npm ci --no-audit --no-fund
COPY . .
# Program and panel are bundled: of all packages only the Node that runs them goes on.
RUN npm run build && npm run build:web && cp -aL node_modules/node /node

FROM ${BASE}
RUN apt-get update \
  && apt-get install -y --no-install-recommends restic postgresql-client sqlite3 openssh-client docker-cli docker-compose ca-certificates tzdata \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/holdfast
COPY --from=build /node node_modules/node
COPY --from=build /opt/holdfast/holdfast ./
COPY --from=build /opt/holdfast/dist dist
COPY --from=build /opt/holdfast/recipes recipes
COPY --from=build /opt/holdfast/docs docs
COPY --from=build /opt/holdfast/demo demo
COPY --from=build /opt/holdfast/web/dist web/dist
RUN ln -s /opt/holdfast/holdfast /usr/local/bin/holdfast
ENV HOLDFAST_CONFIG=/etc/holdfast/holdfast.yaml HOLDFAST_STATE_DIR=/var/lib/holdfast
VOLUME /var/lib/holdfast
STOPSIGNAL SIGTERM
# Where `panel.listen` is another address, say so in HOLDFAST_HEALTH_URL.
HEALTHCHECK --interval=60s --timeout=10s --start-period=30s --retries=3 \
  CMD ["/opt/holdfast/node_modules/node/bin/node", "-e", "fetch(process.env.HOLDFAST_HEALTH_URL ?? 'http://127.0.0.1:8420/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["holdfast"]
CMD ["serve"]
