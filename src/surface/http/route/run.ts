import type { z } from "zod"
import { backupBody, copyBody, drillBody, verifyBody } from "../../../contract/api/points.ts"
import { accepted } from "../../../contract/api/shapes.ts"
import { HoldfastError } from "../../../base/errors.ts"
import type { House } from "../../house/house.ts"
import { declaredApp, lookingContext, openNamedVault, openSubject, pointOf, type Selection } from "../../house/subject.ts"
import { selected } from "../selected.ts"
import { startRun } from "../start-run.ts"
import { none, route, type Route } from "./route.ts"

/** Verbs that are begun here and followed at their operation. */
export const runRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/api/v1/apps/{app}/backup",
    summary: "Takes a point now.",
    query: none,
    body: backupBody,
    answer: accepted,
    status: 202,
    audit: "backup",
    handle: async ({ ground, who, body, param }) => {
      const selection = selected({ param }, body.vault)
      return await startRun(ground, who, param("app"), `backup ${param("app")}`, async (own) => await backup(own, selection, body))
    },
  }),
  route({
    method: "POST",
    path: "/api/v1/apps/{app}/points/{point}/verify",
    summary: "Reads a point back, every byte.",
    query: none,
    body: verifyBody,
    answer: accepted,
    status: 202,
    audit: "verify",
    handle: async ({ ground, who, body, param, note }) => {
      note(param("point"))
      const selection = selected({ param }, body.vault)
      return await startRun(ground, who, param("app"), `verify ${param("app")} ${param("point")}`, async (own) => {
        const { verifyPoint } = await import("../../../verify/verify.ts")
        const subject = await openSubject(own, selection, { create: false })
        return await verifyPoint(subject.tools, subject.vault, await pointOf(subject, selection), body.level, own.command, own.base())
      })
    },
  }),
  route({
    method: "POST",
    path: "/api/v1/apps/{app}/points/{point}/drill",
    summary: "Restores a point into a sandbox and checks it there.",
    query: none,
    body: drillBody,
    answer: accepted,
    status: 202,
    audit: "drill",
    handle: async ({ ground, who, body, param, note }) => {
      note(param("point"))
      const selection = selected({ param }, body.vault)
      return await startRun(ground, who, param("app"), `drill ${param("app")} ${param("point")}`, async (own) => {
        const { drillPoint } = await import("../../../drill/drill.ts")
        const subject = await openSubject(own, selection, { create: false })
        const level = body.level ?? (subject.declared.compose === null ? "restored" : "booted")
        const origin = { vault: subject.vault, point: await pointOf(subject, selection, "whole") }
        return await drillPoint(subject.tools, subject.declared, origin, level, own.command, own.base())
      })
    },
  }),
  route({
    method: "POST",
    path: "/api/v1/apps/{app}/copy",
    summary: "Copies what is missing in the app's further vaults.",
    query: none,
    body: copyBody,
    answer: accepted,
    status: 202,
    audit: "copy",
    handle: async ({ ground, who, body, param }) => {
      const app = param("app")
      const { from, to } = await wayOf(ground.house, app, body)
      return await startRun(ground, who, app, `copy ${app} --to ${to.join(",")}`, async (own) => {
        for (const vault of to) await copy(own, app, from, vault)
      })
    },
  }),
]

async function backup(own: House, selection: Selection, body: z.output<typeof backupBody>): Promise<unknown> {
  const { backUp, plainBackup } = await import("../../../backup/backup.ts")
  const subject = await openSubject(own, selection, { create: true })
  const { label, cold, only, acceptCollapse } = body
  const options = { ...plainBackup, trigger: "manual" as const, label, cold, only, acceptCollapse }
  return await backUp(subject.tools, subject.vault, subject, options, own.command, own.base())
}

async function wayOf(house: House, app: string, body: z.output<typeof copyBody>): Promise<{ from: string; to: readonly string[] }> {
  const { settings, declared } = await declaredApp(house, app)
  const from = body.from ?? declared.vaults[0] ?? ""
  const to = body.to ?? declared.vaults.filter((vault) => vault !== from)
  const unknown = [from, ...to].find((vault) => settings.vaults[vault] === undefined)
  if (unknown !== undefined) throw new HoldfastError("VAULT_UNKNOWN", { what: `there is no vault called ${unknown}` })
  if (to.length === 0) throw new HoldfastError("VAULT_UNKNOWN", { what: `${app} has no further vault to copy to` })
  return { from, to }
}

async function copy(own: House, app: string, fromName: string, toName: string): Promise<void> {
  const { applyCopy, hasWork, planCopy } = await import("../../../copy/copy.ts")
  const settings = await own.settings()
  const from = await openNamedVault(own, settings, fromName, { create: false })
  const to = await openNamedVault(own, settings, toName, { create: true, copyParametersFrom: from.location })
  const tools = await own.operationTools()
  const request = { app, from, target: toName, to, points: [] }
  const plan = await planCopy(tools.store, request, lookingContext(own))
  if (!hasWork(plan)) return
  await applyCopy(tools, request, plan, own.command, own.base())
}
