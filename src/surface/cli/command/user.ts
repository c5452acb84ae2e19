import { HoldfastError } from "../../../base/errors.ts"
import { grant, ROLES, type Grant } from "../../../contract/api/roles.ts"
import { password as passwordSchema, username as usernameSchema } from "../../../contract/api/session.ts"
import type { UserOutput, UsersOutput } from "../../../contract/output-users.ts"
import type { User } from "../../../contract/api/accounts.ts"
import type { Accounts } from "../../http/account/account.ts"
import type { CommandResult, CommandRun } from "../command-spec.ts"
import type { CliHouse } from "../cli-house.ts"
import { usage, type CommandInput } from "../input.ts"
import { renderTable } from "../render/table.ts"

/** Accounts are changed beside a running service; nobody signs in from here, so no address is needed. */
const NOWHERE = { origin: "http://127.0.0.1", otherOrigins: [] }

async function withAccounts<T>(house: CliHouse, use: (accounts: Accounts) => Promise<T>): Promise<T> {
  const { openAccounts } = await import("../../http/account/account.ts")
  const accounts = await openAccounts(house, NOWHERE)
  try {
    return await use(accounts)
  } finally {
    accounts.close()
  }
}

/** `holdfast user list` */
export const list: CommandRun = async (house) =>
  await withAccounts(house, async ({ users }) => {
    const all = users.list()
    const document: UsersOutput = { format: "holdfast.users", version: 1, users: all.map((user) => ({ ...user })) }
    const columns = [{ title: "USER" }, { title: "NAME" }, { title: "MAY" }, { title: "SECOND FACTOR" }, { title: "STATE" }]
    const lines =
      all.length === 0 ? ["no user yet; `holdfast serve` prints the token that makes the first one"] : renderTable(columns, all.map(rowOf))
    return await Promise.resolve({ document, lines })
  })

function rowOf(user: User): readonly string[] {
  const factors = [user.twoFactor ? "code" : null, user.passkeys > 0 ? `${user.passkeys} passkeys` : null].filter((one) => one !== null)
  return [user.username, user.name, user.grants.map(grantText).join("; "), factors.join(", ") || "none", user.disabled ? "disabled" : ""]
}

function grantText({ role, apps }: Grant): string {
  return apps === null ? role : `${role} (${apps.join(", ")})`
}

/** `holdfast user add` */
export const add: CommandRun = async (house, input) =>
  await withAccounts(house, async (accounts) => {
    const username = usernameOf(input)
    const password = await passwordFor(house, input)
    const grants = [grantFrom(input, "viewer")]
    const user = await accounts.users.add({ username, name: input.text("name") ?? username, email: input.text("email"), password }, grants)
    accounts.firstRun.end()
    await told(accounts, "user.add", user)
    return resultOf(user, `${user.username} may sign in, as ${user.grants.map(grantText).join("; ")}`)
  })

/** `holdfast user reset`: the way back in. */
export const reset: CommandRun = async (house, input) =>
  await withAccounts(house, async (accounts) => {
    const password = await passwordFor(house, input)
    const change = {
      password,
      resetSecondFactor: true,
      ...(input.flag("owner") ? { grants: [{ role: "owner" as const, apps: null }] } : {}),
      disabled: false,
    }
    const user = await accounts.users.edit(usernameOf(input), change)
    await told(accounts, "user.reset", user)
    return resultOf(user, `${user.username} signs in with the new password; second factor and passkeys are gone, every session has ended`)
  })

/** `holdfast user remove` */
export const remove: CommandRun = async (house, input) =>
  await withAccounts(house, async (accounts) => {
    const user = accounts.users.remove(usernameOf(input))
    await told(accounts, "user.remove", user)
    return resultOf(user, `${user.username} is removed`)
  })

/** `holdfast user role` */
export const role: CommandRun = async (house, input) =>
  await withAccounts(house, async (accounts) => {
    const given = grantFrom(input, null)
    const before = accounts.users.find(usernameOf(input))
    const grants = input.flag("also") ? [...before.grants.filter((one) => one.role !== given.role), given] : [given]
    const user = await accounts.users.edit(before.id, { grants })
    await told(accounts, "user.role", user)
    return resultOf(user, `${user.username} is ${user.grants.map(grantText).join("; ")}`)
  })

function usernameOf(input: CommandInput): string {
  const name = input.required("user").toLowerCase()
  if (usernameSchema.safeParse(name).success) return name
  throw usage(`"${name}" is not a user name: 2 to 40 lower-case letters, digits, \`.\`, \`_\` and \`-\``)
}

function grantFrom(input: CommandInput, usual: string | null): Grant {
  const apps = input.list("app")
  const parsed = grant.safeParse({ role: input.text("role") ?? usual, apps: apps.length === 0 ? null : apps })
  if (parsed.success) return parsed.data
  throw usage(`--role is one of ${ROLES.join(", ")}`)
}

/** From a file, or typed twice; never from the command line, where others can read it. */
async function passwordFor(house: CliHouse, input: CommandInput): Promise<string> {
  const file = input.text("password-file")
  const given = file === null ? await typed(house) : await fromFile(house, file)
  const parsed = passwordSchema.safeParse(given)
  if (parsed.success) return parsed.data
  throw usage("a password has 12 to 256 characters")
}

async function fromFile(house: CliHouse, file: string): Promise<string> {
  const [{ readFile }, { resolve }] = await Promise.all([import("node:fs/promises"), import("node:path")])
  return (await readFile(resolve(house.cwd, file), "utf8")).replace(/\r?\n$/, "")
}

async function typed(house: CliHouse): Promise<string> {
  if (!house.terminal.asks) throw usage("--password-file FILE is missing, and there is no terminal to ask on")
  const first = await house.terminal.ask("New password (it is shown as you type): ", house.signal)
  const again = await house.terminal.ask("Once more: ", house.signal)
  if (first === again) return first
  throw new HoldfastError("CONFIRMATION_REFUSED", { what: "the two passwords differ" })
}

async function told({ audit }: Accounts, action: string, user: User): Promise<void> {
  const details = { grants: user.grants.map((one) => ({ role: one.role, apps: one.apps })) }
  await audit.add({ actor: "host", source: "command line", action, app: null, subject: user.username, outcome: "allowed", details })
}

function resultOf(user: User, line: string): CommandResult {
  const document: UserOutput = { format: "holdfast.user", version: 1, user: { ...user } }
  return { document, lines: [line] }
}
