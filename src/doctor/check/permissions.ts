import { stat } from "node:fs/promises"
import { ok, trouble, type Finding } from "../finding.ts"
import type { QuietTools, Subject } from "../ports.ts"

const GROUP_OR_OTHERS = 0o077

/** Keys are readable by their owner alone; secrets of the apps are not readable by everyone. */
export async function checkPermissions(_: QuietTools, subject: Subject): Promise<readonly Finding[]> {
  const keys = subject.vaults.map((vault) => vault.keyFile)
  const secrets = subject.apps.flatMap((app) => app.secrets)
  return [
    ...(await Promise.all(keys.map(async (path) => await keyFinding(path)))),
    ...(await Promise.all(secrets.map(async (path) => await secretFinding(path)))),
  ].flat()
}

/** A key that is not there is told by the check of its vault. */
async function keyFinding(path: string): Promise<readonly Finding[]> {
  const mode = await modeOf(path)
  if (mode === null) return []
  if ((mode & GROUP_OR_OTHERS) === 0) return [ok("permissions", path, `mode ${octal(mode)}`)]
  return [trouble("fail", "permissions", path, `others can read the vault's key (mode ${octal(mode)})`, `Run \`chmod 600 ${path}\`.`)]
}

async function secretFinding(path: string): Promise<readonly Finding[]> {
  const mode = await modeOf(path)
  if (mode === null)
    return [
      trouble("warn", "permissions", path, "it is not there, or cannot be read", "Put the secret back, or take it out of the settings."),
    ]
  if ((mode & 0o004) === 0) return [ok("permissions", path, `mode ${octal(mode)}`)]
  return [trouble("warn", "permissions", path, `everyone can read it (mode ${octal(mode)})`, `Run \`chmod o-rwx ${path}\`.`)]
}

async function modeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).mode & 0o7777
  } catch {
    return null
  }
}

function octal(mode: number): string {
  return `0${mode.toString(8).padStart(3, "0")}`
}
