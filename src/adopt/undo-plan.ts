/** What taking an adoption back would do, looked at before anything changes (C149, C150). */
import { z } from "zod"
import type { LocatedApp } from "../app/locate.ts"
import { isHoldfastService } from "../app/updater-services.ts"
import { lastDetails } from "../backup/settle.ts"
import { HoldfastError } from "../base/errors.ts"
import type { RunContext } from "../base/run-context.ts"
import type { OperationRecord } from "../operation/ports.ts"
import type { SealedPoint } from "../recovery-point/recovery-point.ts"
import { planRestore, plainRestore } from "../restore/restore.ts"
import { schemasNow, type SchemaNow } from "./data-back.ts"
import { adoptedCopy, stateOf, type FileState } from "./give-back.ts"
import type { AdoptSubject, AdoptTools } from "./ports.ts"
import { preparedFromJson, type Prepared, type PreparedFile } from "./prepared.ts"
import { coldPointOf, pointsOf } from "./settle.ts"

export interface AdoptUndoPlan {
  readonly app: string
  readonly vault: string
  /** The adoption that is taken back. */
  readonly undoes: string
  readonly from: string
  readonly to: string | null
  readonly files: readonly { readonly path: string; readonly state: FileState }[]
  /** Files that the adoption made and that go. */
  readonly secrets: readonly string[]
  readonly services: readonly string[]
  /** Volumes that stay, because they hold what the updater wrote. */
  readonly volumes: readonly string[]
  readonly databases: readonly SchemaNow[]
  /** The point that databases come back from; null where none has to. */
  readonly point: string | null
  readonly rowsLost: readonly { readonly database: string; readonly table: string; readonly rows: number }[]
  readonly warnings: readonly string[]
}

/** A plan with everything that carrying it out needs. */
export interface Undoing {
  readonly plan: AdoptUndoPlan
  readonly prepared: Prepared
  /** Of the stopped app; null where nothing could be dumped. */
  readonly cold: SealedPoint | null
  /** Of everything, taken while the app ran. */
  readonly first: SealedPoint | null
}

/** Throws ADOPT_NOTHING where nothing is adopted, APP_NOT_STOPPABLE in a container that would go, and what asking the databases throws. */
export async function planAdoptUndo(tools: AdoptTools, subject: AdoptSubject, ctx: RunContext): Promise<Undoing> {
  const operation = await lastAdoption(tools, subject.app)
  const found = await adoptionOf(tools, subject, operation, ctx)
  const { prepared, cold } = found
  await refuseFromInside(tools, subject.app, ctx)
  const origin = cold === null ? null : { vault: subject.vault, point: cold }
  const databases = origin === null ? [] : await schemasNow(tools, subject.app, origin, ctx)
  const moved = databases.filter((database) => database.moved).map(({ database }) => `database:${database}`)
  const options = { ...plainRestore, only: moved, unproven: true }
  const lost = origin === null || moved.length === 0 ? null : await planRestore(tools, subject.app, origin, options, ctx)
  const files = await Promise.all(prepared.files.map(async (file) => ({ file, state: await stateOf(file) })))
  const plan: AdoptUndoPlan = {
    app: subject.app.name,
    vault: subject.vault.location.name,
    undoes: operation.id,
    from: prepared.to,
    to: prepared.from,
    files: files.map(({ file, state }) => ({ path: file.swap.live, state })),
    secrets: prepared.secrets.filter(({ act, before }) => act === "make" && before === null).map(({ path }) => path),
    services: prepared.beside,
    volumes: prepared.volumes,
    databases,
    point: moved.length === 0 ? null : (cold?.manifest.id ?? null),
    rowsLost: lost?.rowsLost ?? [],
    warnings: files.flatMap(({ file, state }) => warningOf(file, state)),
  }
  return { ...found, plan }
}

/** Whoever undoes it would be removed half-way. */
async function refuseFromInside({ containers }: AdoptTools, app: LocatedApp, ctx: RunContext): Promise<void> {
  const own = (await containers.own?.(ctx)) ?? null
  if (own === null || own.projectName !== app.compose?.projectName || !isHoldfastService(own)) return
  throw new HoldfastError("APP_NOT_STOPPABLE", {
    what: `the adoption of ${app.name} cannot be undone from here: this Holdfast runs in one of the containers that go`,
    hint: "Nothing was changed. Run it on the host.",
  })
}

function warningOf(file: PreparedFile, state: FileState): readonly string[] {
  const { live } = file.swap
  if (state === "nothing kept") return [`what ${live} was before is not there any more; it stays as it is`]
  if (state === "as adopted") return []
  if (file.isSettings) return [`${live} was changed after the adoption; only what the adoption put in goes`]
  return [`${live} was changed after the adoption; what it is now is kept as ${adoptedCopy(file)}`]
}

/** What an adoption left in the journal and in the vault. */
export async function adoptionOf(
  tools: AdoptTools,
  subject: AdoptSubject,
  operation: OperationRecord,
  ctx: RunContext,
): Promise<Omit<Undoing, "plan">> {
  const [first] = await pointsOf(tools, subject, operation, ctx)
  return {
    prepared: preparedFromJson(lastDetails(operation.steps, "prepare")),
    cold: await coldPointOf(tools, subject, operation, ctx),
    first: first ?? null,
  }
}

async function lastAdoption(tools: AdoptTools, app: LocatedApp): Promise<OperationRecord> {
  const all = (await tools.store.operations({ app: app.name })).filter(({ outcome }) => outcome === "succeeded")
  const undone = new Set(all.filter(({ kind }) => kind === "adopt-undo").map(({ plan }) => undoesIn(plan)))
  const [last] = all
    .filter(({ kind, id }) => kind === "adopt" && !undone.has(id))
    .toSorted((left, right) => right.startedAt.getTime() - left.startedAt.getTime())
  if (last !== undefined) return last
  throw new HoldfastError("ADOPT_NOTHING", { what: `nothing of ${app.name} was adopted here, or it was undone already` })
}

const planSchema = z.object({ undoes: z.string() })

function undoesIn(plan: unknown): string | null {
  const read = planSchema.safeParse(plan)
  return read.success ? read.data.undoes : null
}
