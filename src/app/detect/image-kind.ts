import type { ComposeService } from "../ports.ts"

/** What a service is to a backup. */
export type ServiceKind =
  | { readonly kind: "postgres" }
  | { readonly kind: "cache"; readonly engine: string }
  | { readonly kind: "unknown-database"; readonly engine: string }
  | { readonly kind: "app" }

const POSTGRES =
  /^(?:(?:alpine-)?postgres(?:ql)?(?:-repmgr|-ha)?|postgis|timescaledb(?:-ha)?|timescaledb-postgis|pgvector|pgvecto-rs|vectorchord|citus|spilo(?:-\d+)?|immich-postgres|age)$/
const CACHES = ["redis", "valkey", "keydb", "dragonfly", "memcached", "redis-stack", "redis-stack-server"]
const DATABASES = [
  "mysql",
  "mariadb",
  "percona",
  "percona-server",
  "mongo",
  "mongodb",
  "mongodb-community-server",
  "couchdb",
  "couchbase",
  "cassandra",
  "scylla",
  "influxdb",
  "clickhouse",
  "clickhouse-server",
  "elasticsearch",
  "opensearch",
  "neo4j",
  "cockroach",
  "rethinkdb",
  "arangodb",
  "orientdb",
  "surrealdb",
  "questdb",
  "ferretdb",
  "mssql-server",
  "server",
  "etcd",
  "dgraph",
  "typesense",
  "qdrant",
  "weaviate",
]
const POSTGRES_DATA = /^\/(?:var\/lib\/postgresql|bitnami\/postgresql|home\/postgres\/pgdata)(?:\/|$)/

/** By image; where the image is built here and has no telling name, by what is mounted and set. */
export function kindOf(service: ComposeService): ServiceKind {
  const name = imageName(service.image)
  if (POSTGRES.test(name) || service.mounts.some((mount) => POSTGRES_DATA.test(mount.target))) return { kind: "postgres" }
  const cache = CACHES.find((candidate) => candidate === name)
  if (cache !== undefined) return { kind: "cache", engine: cache }
  const engine = DATABASES.find((candidate) => candidate === name)
  if (engine === "server")
    return /mssql\/server/.test(service.image ?? "") ? { kind: "unknown-database", engine: "mssql" } : { kind: "app" }
  return engine === undefined ? { kind: "app" } : { kind: "unknown-database", engine }
}

/** Last word of the repository, without registry, tag and digest: `bitnami/postgresql:16@sha256:…` → `postgresql`. */
export function imageName(reference: string | null): string {
  return repositoryOf(reference).split("/").at(-1) ?? ""
}

/** The repository with registry, without tag and digest. */
export function repositoryOf(reference: string | null): string {
  const withoutDigest = (reference ?? "").split("@")[0] ?? ""
  return withoutDigest.replace(/:[^:/]*$/, "").toLowerCase()
}
