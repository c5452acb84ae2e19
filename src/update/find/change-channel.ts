import type { UpdateRules } from "../../app/app.ts"
import { HoldfastError } from "../../base/errors.ts"
import type { RunContext } from "../../base/run-context.ts"
import { channelNamed, planChannelChange, type ChannelChange } from "../../release/channel.ts"
import type { OpenVault } from "../../vault/vault.ts"
import type { FindSubject, FindTools } from "./find-tools.ts"
import { installable } from "./release-services.ts"
import { runningVersion } from "../running.ts"
import { trustNewest } from "./signed-releases.ts"

const PLACES = { registry: "a registry", git: "a git repository", directories: "directories" } as const

/**
 * What following another channel would mean. Its newest release is trusted by the rules of that channel, and fits the services, or it is
 * refused as ever. Changes nothing. Throws USAGE for a source without channels, and what `findReleases` throws.
 */
export async function planChannel(
  tools: FindTools,
  subject: FindSubject,
  rules: UpdateRules,
  to: string,
  vaults: readonly OpenVault[],
  ctx: RunContext,
): Promise<ChannelChange> {
  const [from, wanted] = [channelNamed(rules.channel), channelNamed(to)]
  if (rules.source !== "manifest") {
    throw new HoldfastError("USAGE", {
      what: `updates of ${subject.app.name} come from ${PLACES[rules.source]}, where there are no channels`,
      hint: "Only signed releases are published in channels.",
    })
  }
  const { newest } = await trustNewest(tools, subject, rules, wanted, vaults, ctx)
  const { services } = subject.running.model
  const offered = installable(newest, services, rules)
  const running = runningVersion(subject.app, rules, subject.running, Object.keys(offered.images))
  const change = planChannelChange(from, running ?? "0", newest)
  return { ...change, running: running ?? "unknown" }
}
