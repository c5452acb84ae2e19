import { counted } from "../base/units.ts"
import type { Manifest, ManifestPart } from "../recovery-point/manifest.ts"

/** How to restore the exported files with stock tools, for someone who has never heard of Holdfast. */
export function instructions(manifest: Manifest): string {
  return [
    `Recovery point ${manifest.id} of ${manifest.app}, taken ${manifest.startedAt}.`,
    "",
    "Check first:  sha256sum --check SHA256SUMS",
    "Stop the app before you restore, and start it only after database AND files are back.",
    "",
    ...manifest.parts.flatMap((part) => [...stepsFor(part), ""]),
    ...(manifest.services.length === 0
      ? []
      : [
          "Images that ran at the time:",
          ...manifest.services.map(
            (service) => `  ${service.service}: ${service.repositoryDigests[0] ?? service.imageId} (${service.reference})`,
          ),
          "",
        ]),
    "manifest.json holds row counts per table, owners, modes and fingerprints to compare with.",
    "",
  ].join("\n")
}

function stepsFor(part: ManifestPart): readonly string[] {
  if (part.kind === "database") return databaseSteps(part)
  if (part.kind === "files") {
    return [
      `${part.part}:  files/${part.name}.tar  (was ${part.source})`,
      `  tar --extract --same-owner --numeric-owner --file files/${part.name}.tar --directory TARGET`,
      `  chown ${part.root.uid}:${part.root.gid} TARGET`,
    ]
  }
  if (part.kind === "image") return [`${part.part}:  docker load --input images/${part.imageId.replace(/^sha256:/, "").slice(0, 12)}.tar`]
  return [
    `${part.part}:  ${part.kind}.tar`,
    ...part.paths.map((path) => `  ${path.stored}  was  ${path.path}  (${path.root.uid}:${path.root.gid} ${path.root.mode.toString(8)})`),
  ]
}

function databaseSteps(part: Extract<ManifestPart, { kind: "database" }>): readonly string[] {
  const rows = Object.values(part.facts.rows).reduce((sum, count) => sum + count, 0)
  const head = `${part.part}:  ${part.fileName}  (${part.engine} ${part.facts.engineVersion}, ${counted(rows, "row")} in ${counted(Object.keys(part.facts.rows).length, "table")})`
  if (part.engine === "postgres") {
    const owner = part.shape.owner ?? part.source["user"] ?? "postgres"
    return [
      head,
      `  createdb --template=template0 --encoding=${part.shape.encoding ?? "UTF8"} --owner=${owner} NEW_DATABASE`,
      `  pg_restore --exit-on-error --dbname=NEW_DATABASE ${part.fileName}`,
    ]
  }
  if (part.engine === "sqlite")
    return [
      head,
      "  Move the old file and its -wal and -shm aside, then put this one in its place.",
      `  sqlite3 ${part.fileName} 'pragma integrity_check'`,
    ]
  return [head, "  Feed it to the restore command of the app's settings."]
}
