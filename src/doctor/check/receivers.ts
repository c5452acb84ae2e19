import { hasReceiver } from "../../posture/receivers.ts"
import { ok, trouble, type Finding } from "../finding.ts"
import type { QuietTools, Subject } from "../ports.ts"

/** An alarm that nobody is told is read by whoever happens to look. */
export async function checkReceivers(_tools: QuietTools, { apps, settings }: Subject): Promise<readonly Finding[]> {
  const findings = apps.map(({ name }) => {
    if (hasReceiver(settings, name)) return ok("notifications", name, "somebody is told of its alarms")
    const remedy = `Name somebody under \`notify.always\`, or under \`notify\` of ${name}, then run \`holdfast notify test\`.`
    return trouble("warn", "notifications", name, "nobody is told of its alarms", remedy)
  })
  return await Promise.resolve(findings)
}
