import type { Kit, KitVault } from "./kit.ts"

/** Everything back on an empty host, with Holdfast. */
export function rebuildCommands(kit: Kit, vault: KitVault): readonly string[] {
  return kit.apps.map((app) =>
    ["holdfast rebuild", `--vault ${quoted(vault.url)}`, `--key ${quoted(keyFileOf(vault))}`, `--app ${quoted(app)}`].join(" "),
  )
}

/** The same data with nothing but restic, for someone who has never heard of Holdfast. */
export function resticCommands(kit: Kit, vault: KitVault): readonly string[] {
  const options = vault.options.map((option) => ` -o ${quoted(option)}`).join("")
  const restic = `restic${options}`
  return [
    `printf '%s\\n' ${quoted(vault.key)} > ${quoted(keyFileOf(vault))}; chmod 600 ${quoted(keyFileOf(vault))}`,
    ...Object.entries(vault.environment).map(([name, value]) => `export ${name}=${quoted(value)}`),
    `export RESTIC_REPOSITORY=${quoted(vault.url)}`,
    `export RESTIC_PASSWORD_FILE=${quoted(keyFileOf(vault))}`,
    ...kit.apps.map((app) => `${restic} snapshots --tag ${quoted(`holdfast,app=${app}`)}   # one line for each part of each point`),
    `${restic} dump SNAPSHOT /manifest.json   # what a point is made of (part=manifest)`,
    `${restic} dump SNAPSHOT /main.dump | pg_restore --no-owner --dbname NEW_DATABASE   # a PostgreSQL database (part=database:…)`,
    `${restic} restore SNAPSHOT --target DIRECTORY   # files, secrets, configuration`,
  ]
}

export function keyFileOf(vault: KitVault): string {
  return `./${vault.name}.key`
}

/** As one word of a POSIX shell. */
function quoted(text: string): string {
  return /^[A-Za-z0-9_./:@=,+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}
