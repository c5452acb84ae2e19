import type { Place } from "../app.ts"
import type { Detection, FoundDatabase, FoundFiles, LeftOut } from "./detection.ts"

export interface RenderOptions {
  /** Folder of the first vault. */
  readonly vaultPath: string
}

/** The settings file for what was found, with comments that say why; it parses with the schema of the settings. */
export function renderSettings(detection: Detection, options: RenderOptions = { vaultPath: "/var/backups/holdfast" }): string {
  const lines = [
    "# Settings of Holdfast, written by `holdfast init`. Every key is described in holdfast.schema.json.",
    "vaults:",
    `  local: { path: ${scalar(options.vaultPath)} }`,
    "  # A second vault elsewhere survives the loss of this machine:",
    '  # offsite: { url: "sftp:backup@other-host:/srv/holdfast" }',
    "apps:",
    `  ${detection.appName}:`,
    ...appLines(detection).map((line) => `    ${line}`),
  ]
  return `${lines.join("\n")}\n`
}

function appLines(detection: Detection): readonly string[] {
  return [
    ...(detection.recipe === null
      ? []
      : [`recipe: ${detection.recipe}                # health, key proofs, stop behaviour and restore rules come from here`]),
    ...composeLines(detection),
    ...section("databases", detection.databases.map(databaseLine)),
    ...section("files", detection.files.map(filesLine)),
    `secrets: [${detection.secrets.map(scalar).join(", ")}]`,
    ...healthLines(detection),
    "schedules:",
    '  nightly: { cron: "0 3 * * *", timezone: UTC, vault: local, keep: { last: 3, daily: 7, weekly: 4, monthly: 12 } }',
    "objectives: { exposure: 24h, recoveryTime: 30m }",
    ...sandboxLines(detection),
    ...notice("Left out", detection.leftOut),
    ...notice("NOT PROTECTED", detection.notProtected),
    ...detection.unknown.map((text) => comment(`Not known: ${text}`)),
  ]
}

function composeLines({ project, nameIsGiven }: Detection): readonly string[] {
  const [first] = project.files
  if (first === undefined) return ['# run: { stop: ["systemctl", "stop", "…"], start: ["systemctl", "start", "…"] }']
  if (!nameIsGiven && project.profiles.length === 0) return [`compose: ${scalar(first ?? "")}`]
  const members = [`files: ${scalar(first ?? "")}`, ...(nameIsGiven ? [`project: ${scalar(project.projectName)}`] : [])]
  if (project.profiles.length > 0) members.push(`profiles: [${project.profiles.map(scalar).join(", ")}]`)
  return [`compose: { ${members.join(", ")} }`]
}

function section(name: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`${name}:`, ...lines.map((line) => `  ${line}`)]
}

function databaseLine(database: FoundDatabase): string {
  const why = `   # ${oneLine(database.why)}`
  if (database.engine === "sqlite") return `${database.name}: { sqlite: ${place(database.place)} }${why}`
  if (database.engine === "postgres-url") return `${database.name}: { url: ${scalar(`env:${database.variable}`)} }${why}`
  const { service, database: name, user } = database
  return `${database.name}: { postgres: { service: ${scalar(service)}, database: ${scalar(name)}, user: ${scalar(user)} } }${why}`
}

function place(where: Place): string {
  return "volume" in where ? `{ volume: ${scalar(where.volume)}, path: ${scalar(where.path)} }` : scalar(where.path)
}

function filesLine(files: FoundFiles): string {
  const where = "volume" in files.place ? `volume: ${scalar(files.place.volume)}` : `path: ${scalar(files.place.path)}`
  const exclude = files.exclude.length === 0 ? "" : `, exclude: [${files.exclude.map(scalar).join(", ")}]`
  const real = files.realName === null ? "" : `volume ${files.realName}, `
  return `${files.name}: { ${where}${exclude} }   # ${oneLine(`${real}used by ${files.usedBy.join(", ")}`)}`
}

function healthLines({ health }: Detection): readonly string[] {
  if (health === null) return []
  if (health.url !== null) return [`health: { url: ${scalar(health.url)} }   # ${oneLine(health.why)}`]
  const { command } = health
  return command === null
    ? []
    : [
        `health: { command: { service: ${scalar(command.service)}, argv: [${command.argv.map(scalar).join(", ")}] } }   # ${oneLine(health.why)}`,
      ]
}

/** Proposed, not chosen: a proof without the program itself would be none. */
function sandboxLines({ uncopied }: Detection): readonly string[] {
  if (uncopied.length === 0) return []
  const why = uncopied.map((item) => `${item.what}: ${item.why}`).join("; ")
  return [
    comment(`If the app is well without what no sandbox can have (${why}), drills boot and updates are rehearsed without it by this line:`),
    comment(`sandbox: { without: [${uncopied.map((item) => scalar(item.what)).join(", ")}] }`),
  ]
}

function notice(title: string, items: readonly LeftOut[]): readonly string[] {
  return items.map((item) => comment(`${title}: ${item.what} ${item.why}`))
}

function comment(text: string): string {
  return `# ${oneLine(text)}`
}

function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ")
}

/** Quoted unless it cannot be anything but a text. JSON's quoting is YAML's. */
function scalar(text: string): string {
  const word = /^(?!(?:true|false|null|yes|no|on|off|y|n)$)[A-Za-z./][\w./-]*$/i.test(text)
  return word ? text : JSON.stringify(text)
}
