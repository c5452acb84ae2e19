import type { OpenVault } from "../../vault/vault.ts"
import type { CliHouse } from "./cli-house.ts"
import { kitReminder } from "../../vault/kit.ts"

/** Every backup reminds until the kit of its vault has been taken: without it the vault dies with this host. */
export async function kitLines(house: CliHouse, vault: OpenVault): Promise<readonly string[]> {
  const reminder = await kitReminder(await house.use.store(), vault)
  return reminder === null ? [] : ["", reminder]
}
