import type { App } from "../../app/app.ts"
import type { Store } from "../../operation/ports.ts"
import { manifestSchema } from "../../recovery-point/manifest.ts"
import { filesBesideData, matchesName, type SeenFile } from "./directory.ts"
import type { Removable } from "./removable.ts"

/** Kept for ever, whatever is sealed elsewhere (C64). */
const KEPT = 2

/** Backups that the program left before migrations: beyond the newest two, each goes once it is proven in a vault (C62-C64). */
export async function migrationBackups(store: Store, app: App): Promise<readonly Removable[]> {
  const pattern = app.recipe?.migrationBackups
  if (pattern === undefined) return []
  const files = (await filesBesideData(app)).filter((file) => matchesName(pattern, file.name))
  const imports = await provenImports(store, app)
  const newestFirst = files.toSorted((left, right) => (momentOf(left) < momentOf(right) ? 1 : -1))
  return newestFirst.map((file, place) => ({ ...described(file), ...judge(file, place, imports) }))
}

function described({ path, sizeBytes }: SeenFile) {
  return { kind: "migration-backup", subject: path, vault: null, sizeBytes } as const
}

function judge(file: SeenFile, place: number, imports: readonly ProvenImport[]): Pick<Removable, "remove" | "why"> {
  if (place < KEPT) return { remove: false, why: `one of the ${KEPT} newest migration backups, which always stay` }
  const proven = imports.find((one) => one.from.has(file.path) && one.at >= file.modifiedAt)
  if (proven !== undefined) return { remove: true, why: `proven in vault ${proven.vault} as point ${proven.point}` }
  return { remove: false, why: `not proven in a vault: run \`holdfast import ${file.path}\`, then \`holdfast verify\`` }
}

/** The moment in the name (written by the program that made it), else the file's own; as digits, so that they compare. */
function momentOf(file: SeenFile): string {
  const named = /(\d{8})-?T?(\d{6})|(\d{4})-(\d{2})-(\d{2})T(\d{2})-(\d{2})-(\d{2})Z/.exec(file.name)
  const digits = named?.slice(1).join("") ?? file.modifiedAt.toISOString().replaceAll(/\D/g, "")
  return digits.slice(0, 14)
}

interface ProvenImport {
  readonly point: string
  readonly vault: string
  readonly from: ReadonlySet<string>
  readonly at: Date
}

const IMPORTED = / was imported from (.+)$/

async function provenImports(store: Store, app: App): Promise<readonly ProvenImport[]> {
  const proofs = (await store.proofs(app.name)).filter((proof) => proof.level !== "sealed")
  const found: ProvenImport[] = []
  for (const vault of app.vaults) {
    for (const { id, startedAt, manifest } of await store.points(app.name, vault)) {
      const { trigger, warnings } = manifestSchema.parse(manifest)
      const proven = proofs.some((proof) => proof.point === id && proof.vault === vault)
      const from = new Set(warnings.flatMap((warning) => IMPORTED.exec(warning)?.[1] ?? []))
      if (trigger === "import" && proven && from.size > 0) found.push({ point: id, vault, from, at: startedAt })
    }
  }
  return found
}
