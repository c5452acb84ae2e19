/** Where an update needs room: for the copies of databases, for the rehearsal, for what the points add to the vault. */
import { dirname } from "node:path"
import type { App, DatabaseSource } from "../../app/app.ts"
import type { ServiceState } from "../../app/ports.ts"
import type { Manifest } from "../../recovery-point/manifest.ts"
import type { SpaceNeed } from "../../restore/free-space.ts"
import type { VaultLocation } from "../../vault/ports.ts"
import type { UpdatePlan } from "../update-plan.ts"

export interface SpaceFacts {
  /** With its places located. */
  readonly app: App
  readonly states: readonly ServiceState[]
  readonly databases: UpdatePlan["databases"]
  /** The newest point: what a rehearsal restores, and the measure of what the points of the update add to the vault. */
  readonly newest: Manifest
  readonly vault: VaultLocation
  /** Null where no rehearsal is to come. */
  readonly rehearsalDirectory: string | null
}

export interface SpaceNeeds {
  readonly needs: readonly SpaceNeed[]
  /** Databases whose server keeps its files where this machine cannot look. */
  readonly unseen: readonly string[]
}

/** What is put where. Sizes of images are known to their registry alone; a pull that finds no room ends the update with the app untouched. */
export function spaceNeeds(facts: SpaceFacts): SpaceNeeds {
  // One that is kept by a cold point needs the same room: going back puts it beside the live one before it takes its place.
  // One that is emptied and filled again needs no more than it has.
  const placed = facts.databases.map(({ name, way, sizeBytes }) => ({
    name,
    bytes: way === "refill" ? 0 : sizeBytes || capturedBytes(facts, name),
    place: placeOf(facts, name),
  }))
  return {
    needs: [
      ...placed.flatMap(({ place, bytes }) => (place === null ? [] : [{ place, bytes }])),
      ...vaultNeed(facts),
      ...rehearsalNeeds(facts),
    ],
    unseen: placed.flatMap(({ name, place }) => (place === null ? [name] : [])),
  }
}

/** Of a database that nobody could measure now. */
function capturedBytes({ newest }: SpaceFacts, name: string): number {
  const part = newest.parts.find((one) => one.kind === "database" && one.name === name)
  return part?.kind === "database" ? part.facts.sizeBytes : 0
}

function placeOf({ app, states }: SpaceFacts, name: string): string | null {
  const source = app.databases.find((candidate) => candidate.name === name)
  if (source?.engine === "sqlite") return "volume" in source.place ? null : dirname(source.place.path)
  return source === undefined ? null : dataDirectory(source, states)
}

/** The host's directory in which the server of the project keeps its data: by the usual names, else where there is no other it could be. */
function dataDirectory(source: DatabaseSource, states: readonly ServiceState[]): string | null {
  if (source.engine !== "postgres" || source.service === null) return null
  const state = states.find(({ service }) => service === source.service)
  const written = (state?.mounts ?? []).filter(({ kind, readOnly }) => !readOnly && kind !== "tmpfs")
  const usual = written.filter(({ target }) => /postgres|pgdata|pgsql/i.test(target))
  const likely = usual.length > 0 ? usual : written.filter(({ kind }) => kind === "volume")
  const [only, ...others] = likely.toSorted((left, right) => right.target.length - left.target.length)
  return usual.length > 0 || others.length === 0 ? (only?.hostPath ?? null) : null
}

/** Two points are taken; each adds about what the last one did. A vault elsewhere is not asked. */
function vaultNeed({ vault, newest }: SpaceFacts): readonly SpaceNeed[] {
  if (!vault.url.startsWith("/")) return []
  return [{ place: vault.url, bytes: 2 * newest.parts.reduce((sum, part) => sum + part.storedBytes, 0) }]
}

/** Files and SQLite databases lie in our own directory; a server in the sandbox keeps its data, and the copy that is timed there, where volumes are. */
function rehearsalNeeds({ rehearsalDirectory, newest, states }: SpaceFacts): readonly SpaceNeed[] {
  if (rehearsalDirectory === null) return []
  const here = newest.parts.filter((part) => part.kind !== "image" && !(part.kind === "database" && part.engine === "postgres"))
  const servers = newest.parts.flatMap((part) => (part.kind === "database" && part.engine === "postgres" ? [part.facts.sizeBytes] : []))
  const volumes = volumesDirectory(states)
  return [
    { place: rehearsalDirectory, bytes: here.reduce((sum, part) => sum + part.sizeBytes, 0) },
    ...(volumes === null ? [] : [{ place: volumes, bytes: 2 * servers.reduce((sum, bytes) => sum + bytes, 0) }]),
  ]
}

function volumesDirectory(states: readonly ServiceState[]): string | null {
  const mounted = states.flatMap(({ mounts }) => mounts.filter(({ kind }) => kind === "volume").map(({ hostPath }) => hostPath))
  const one = mounted.find((path) => path !== null)
  // `volumes/NAME/_data`: a new one is made beside, also where this one is a mount of its own.
  return one == null ? null : dirname(dirname(one))
}
