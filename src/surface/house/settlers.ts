import { z } from "zod"
import type { LocatedApp } from "../../app/locate.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { OperationRecord, PinRecord } from "../../operation/ports.ts"
import type { Settlement } from "../../operation/operation.ts"
import type { Settlers } from "../../operation/settle.ts"
import type { OpenVault } from "../../vault/vault.ts"
import type { House } from "./house.ts"
import type { AdoptSubject } from "../../adopt/ports.ts"
import { adoptTools } from "./adopt-subject.ts"
import { declaredApp, lookingContext, openNamedVault, verbTools } from "./subject.ts"

/** How each kind of interrupted operation is settled; the verb is loaded only when there is something to settle. */
export function settlersOf(house: House): Settlers {
  return {
    backup: async (operation, ctx) => {
      const { settleBackup } = await import("../../backup/backup.ts")
      return await settleBackup(await verbTools(house), await appOf(house, operation), await vaultOf(house, operation), operation, ctx)
    },
    import: async (operation, ctx) => {
      const { settleImport } = await import("../../exchange/import.ts")
      return await settleImport(await verbTools(house), await appOf(house, operation), await vaultOf(house, operation), operation, ctx)
    },
    restore: async (operation, ctx) => {
      const { settleRestore } = await import("../../restore/settle.ts")
      return await settleRestore(await verbTools(house), await appOf(house, operation), await vaultOf(house, operation), operation, ctx)
    },
    undo: async (operation, ctx) => {
      const { settleUndo } = await import("../../restore/settle.ts")
      return await settleUndo(await verbTools(house), await appOf(house, operation), await vaultOf(house, operation), operation, ctx)
    },
    update: async (operation, ctx) => {
      const { settleUpdate } = await import("../../update/settle.ts")
      return await settleUpdate(await verbTools(house), await appOf(house, operation), await vaultOf(house, operation), operation, ctx)
    },
    rollback: async (operation, ctx) => {
      const { settleRollback } = await import("../../update/settle.ts")
      return await settleRollback(await verbTools(house), await appOf(house, operation), await vaultOf(house, operation), operation, ctx)
    },
    rebuild: async (operation, ctx) => {
      const { settleRebuild } = await import("../../restore/rebuild.ts")
      return await settleRebuild(await verbTools(house), operation, ctx)
    },
    drill: async (operation, ctx) => {
      const { settleDrill } = await import("../../drill/drill.ts")
      const vault = await vaultOf(house, operation)
      await vault.backend.unlockDead(vault.location, ctx)
      return await settleDrill(await verbTools(house), await appOf(house, operation), operation, ctx)
    },
    adopt: async (operation, ctx) => {
      const { settleAdopt } = await import("../../adopt/settle.ts")
      return await settleAdopt(await adoptTools(house), await adoptionOf(house, operation), operation, ctx)
    },
    "adopt-undo": async (operation, ctx) => {
      const { settleAdoptUndo } = await import("../../adopt/undo.ts")
      return await settleAdoptUndo(await adoptTools(house), await adoptionOf(house, operation), operation, ctx)
    },
    rehearse: async (operation, ctx) => {
      const { settleRehearse } = await import("../../update/rehearse/rehearse-operation.ts")
      return await settleRehearse(await verbTools(house), await appOf(house, operation), await vaultOf(house, operation), operation, ctx)
    },
    expire: async (operation, ctx) => {
      const { settleExpire } = await import("../../expire/expire.ts")
      return await settleExpire(await house.operationTools(), await vaultOf(house, operation, true), operation, ctx)
    },
    copy: async (operation, ctx) => {
      const { settleCopy } = await import("../../copy/copy.ts")
      return await settleCopy(await house.operationTools(), async () => await vaultOf(house, operation), operation, ctx)
    },
    export: async (operation) => (await import("../../exchange/exchange.ts")).settleExport(operation),
    "release-kept": async () => await (await import("../../doctor/doctor.ts")).settleFreeSpace(),
    pin: async (operation, ctx) => {
      const [{ setPin }, vault, store] = await Promise.all([
        import("../../recovery-point/recovery-point.ts"),
        vaultOf(house, operation),
        house.use.store(),
      ])
      const pin = pinInPlan(operation)
      await vault.backend.unlockDead(vault.location, ctx)
      await setPin(vault, store, pin, ctx)
      return { outcome: "succeeded", message: `interrupted, then finished: ${pin.point} is ${pin.pinned ? "pinned" : "not pinned"}` }
    },
    verify: async (operation, ctx): Promise<Settlement> => {
      const vault = await vaultOf(house, operation)
      await vault.backend.unlockDead(vault.location, ctx)
      return { outcome: "failed", message: "interrupted before a proof was recorded; nothing was changed" }
    },
  }
}

async function appOf(house: House, operation: OperationRecord): Promise<LocatedApp> {
  const { declared } = await declaredApp(house, operation.app)
  const { locateApp } = await import("../../app/locate.ts")
  return await locateApp(declared, await house.use.containers(), lookingContext(house))
}

async function adoptionOf(house: House, operation: OperationRecord): Promise<AdoptSubject> {
  const { declared } = await declaredApp(house, operation.app)
  return { app: await appOf(house, operation), declared, vault: await vaultOf(house, operation) }
}

/** The vault that the operation's plan names, else the app's first. */
async function vaultOf(house: House, operation: OperationRecord, forExpiry = false): Promise<OpenVault> {
  const { settings, declared } = await declaredApp(house, operation.app)
  const name = vaultInPlan(operation.plan) ?? declared.vaults[0]
  if (name === undefined) throw new HoldfastError("VAULT_UNKNOWN", { what: `${operation.app} has no vault` })
  return await openNamedVault(house, settings, name, { create: false, forExpiry })
}

function vaultInPlan(plan: OperationRecord["plan"]): string | null {
  if (plan === null || typeof plan !== "object" || !("vault" in plan)) return null
  return typeof plan.vault === "string" ? plan.vault : null
}

const pinPlan = z.object({ app: z.string(), point: z.string(), pinned: z.boolean(), reason: z.string().nullable(), at: z.iso.datetime() })

function pinInPlan(operation: OperationRecord): PinRecord {
  const plan = pinPlan.parse(operation.plan)
  return { ...plan, at: new Date(plan.at) }
}
