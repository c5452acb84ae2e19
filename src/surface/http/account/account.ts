/** Accounts of people and keys of programs: who may sign in, with what, and what they may do. Loaded by `serve` and `user` alone. */
import { randomBytes } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { writeFileDurably } from "../../../base/durable-file.ts"
import type { House } from "../../house/house.ts"
import { apiKeysIn, type ApiKeys } from "./api-keys.ts"
import { auditIn, type Audit } from "./audit.ts"
import { openAccountsDatabase } from "./database.ts"
import { firstRunIn, type FirstRun } from "./first-run.ts"
import { freshIn, type Fresh } from "./fresh.ts"
import { createLimits, type Limits } from "./limits.ts"
import { noncesIn, type Nonces } from "./nonces.ts"
import { openSignIn, type PanelAddress, type SignIn } from "./sign-in.ts"
import { endSessions, usersIn, type Users } from "./users.ts"

export interface Accounts {
  readonly signIn: SignIn
  readonly users: Users
  readonly keys: ApiKeys
  readonly audit: Audit
  readonly fresh: Fresh
  readonly limits: Limits
  /** Of requests that apps sign: counted apart, so that a wrong token in an app keeps nobody behind the same address from signing in. */
  readonly signedLimits: Limits
  readonly nonces: Nonces
  readonly firstRun: FirstRun
  /** Ends every session of a user but this one. */
  endSessions(userId: string, except: string | null): void
  endSession(sessionId: string): void
  close(): void
}

const AUDIT_HEAD = "audit-head"
const SECRET_BYTES = 32

/** Opens `accounts.sqlite` in the state directory, and the secret beside the vaults' keys; both are made where they are not there. */
export async function openAccounts(house: Pick<House, "stateDirectory" | "clock" | "use">, address: PanelAddress): Promise<Accounts> {
  const { stateDirectory, clock } = house
  await mkdir(stateDirectory, { recursive: true, mode: 0o700 })
  const secret = await secretIn(stateDirectory)
  const database = await openAccountsDatabase(join(stateDirectory, "accounts.sqlite"))
  const signIn = await openSignIn(database, secret, address)
  const keys = apiKeysIn(database, clock)
  const store = await house.use.store()
  const head = {
    read: async () => await store.value(AUDIT_HEAD),
    write: async (text: string) => await store.setValue(AUDIT_HEAD, text),
  }
  return {
    signIn,
    keys,
    users: usersIn(database, signIn, keys),
    audit: auditIn(database, clock, secret, head),
    fresh: freshIn(database, clock),
    limits: createLimits(clock),
    signedLimits: createLimits(clock),
    nonces: noncesIn(database, clock),
    firstRun: firstRunIn(stateDirectory),
    endSessions: (userId, except) => endSessions(database, userId, except),
    endSession: (sessionId) => void database.prepare("DELETE FROM session WHERE id = ?").run(sessionId),
    close: () => database.close(),
  }
}

async function secretIn(stateDirectory: string): Promise<string> {
  const directory = join(stateDirectory, "keys")
  const file = join(directory, "accounts.secret")
  if (existsSync(file)) return readFileSync(file, "utf8").trim()
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const made = randomBytes(SECRET_BYTES).toString("base64url")
  await writeFileDurably(file, `${made}\n`)
  return made
}
