/**
 * Every error a person can meet: code → exit code, HTTP status, whether trying again can help, and what to do.
 * The manual's page of errors (docs/manual/errors.md) has an anchor for each code. Exit codes are unique and never reused.
 */
export interface CatalogRow {
  exitCode: number
  httpStatus: number
  retryable: boolean
  hint: string
}

export type ErrorCode = keyof typeof rows

const rows = {
  // settings
  SETTINGS_MISSING: { exitCode: 10, httpStatus: 404, retryable: false, hint: "Run `holdfast init` to write one, or name it with --config or HOLDFAST_CONFIG." },
  SETTINGS_INVALID: { exitCode: 11, httpStatus: 422, retryable: false, hint: "Correct the line that is named; `holdfast.schema.json` describes every key." },
  SETTINGS_UNREADABLE: { exitCode: 12, httpStatus: 500, retryable: false, hint: "Check that the file exists and that this user may read it." },
  SECRET_UNAVAILABLE: { exitCode: 13, httpStatus: 422, retryable: false, hint: "Put the value into the named file or environment variable." },
  APP_UNKNOWN: { exitCode: 14, httpStatus: 404, retryable: false, hint: "Run `holdfast status` to see the apps that are set up." },
  RECIPE_UNKNOWN: { exitCode: 15, httpStatus: 404, retryable: false, hint: "Use one of the recipes that are listed, or leave `recipe` out." },
  RECIPE_INVALID: { exitCode: 16, httpStatus: 422, retryable: false, hint: "Correct the recipe file; its schema is described in docs/manual/recipes.md." },
  USAGE: { exitCode: 2, httpStatus: 400, retryable: false, hint: "Run the command with --help to see how it is called." },
  CONFIRMATION_NEEDED: { exitCode: 18, httpStatus: 409, retryable: false, hint: "Run it in a terminal to confirm, or pass --yes after reading the plan." },
  CONFIRMATION_REFUSED: { exitCode: 19, httpStatus: 409, retryable: false, hint: "Nothing was changed." },
  // app, compose, containers
  COMPOSE_INVALID: { exitCode: 24, httpStatus: 422, retryable: false, hint: "Run `docker compose config` in the project's folder and correct what it reports." },
  COMPOSE_SERVICE_MISSING: { exitCode: 25, httpStatus: 404, retryable: false, hint: "Check the service name against `docker compose config --services`." },
  SERVICE_NOT_RUNNING: { exitCode: 26, httpStatus: 409, retryable: true, hint: "Start the service, then run the command again." },
  ENGINE_UNREACHABLE: { exitCode: 27, httpStatus: 503, retryable: true, hint: "Check that the Docker engine runs and that this user may use its socket." },
  CONTAINER_FAILED: { exitCode: 28, httpStatus: 502, retryable: true, hint: "Read the container's log; the last lines are shown above." },
  APP_NOT_STOPPABLE: { exitCode: 29, httpStatus: 409, retryable: false, hint: "Set `compose` or `run: { stop, start }` for the app, so that Holdfast can stop it." },
  APP_NOT_PROTECTED: { exitCode: 30, httpStatus: 409, retryable: false, hint: "Give the engine as `command: { dump, restore }` or use `--cold`." },
  HOOK_FAILED: { exitCode: 31, httpStatus: 502, retryable: false, hint: "Run the hook's command by hand and correct it." },
  VOLUME_MISSING: { exitCode: 32, httpStatus: 404, retryable: false, hint: "Check the volume's name with `docker volume ls`; compose puts the project's name before it." },
  VOLUME_NOT_VISIBLE: { exitCode: 33, httpStatus: 409, retryable: false, hint: "Run Holdfast on the host that holds the volume, with the right to read it." },
  HEALTH_GATE_FAILED: { exitCode: 34, httpStatus: 502, retryable: true, hint: "Read the service's log; the app answered with the state shown above." },
  IMAGE_MISSING: { exitCode: 35, httpStatus: 404, retryable: false, hint: "Restore it from the point with --with images, or pull it." },
  // vault
  VAULT_UNKNOWN: { exitCode: 38, httpStatus: 404, retryable: false, hint: "Use one of the vaults named in the settings." },
  VAULT_UNREACHABLE: { exitCode: 39, httpStatus: 503, retryable: true, hint: "Check the address, the network and the credentials of the vault." },
  VAULT_ABSENT: { exitCode: 40, httpStatus: 404, retryable: false, hint: "Check the vault's address; a vault that was never written to is made by the first `holdfast backup`." },
  VAULT_WRONG_KEY: { exitCode: 41, httpStatus: 403, retryable: false, hint: "Use the key from the recovery kit of this vault." },
  VAULT_KEY_MISSING: { exitCode: 42, httpStatus: 404, retryable: false, hint: "Put the key back from the recovery kit; without it the vault can never be read." },
  VAULT_REPLACED: { exitCode: 43, httpStatus: 409, retryable: false, hint: "This is another vault than the one that was pinned. Find out why before you go on; `holdfast doctor` shows both ids." },
  VAULT_LOCKED: { exitCode: 44, httpStatus: 423, retryable: true, hint: "Another run is using the vault. Wait, or run `holdfast doctor` if it was interrupted." },
  VAULT_FULL: { exitCode: 45, httpStatus: 507, retryable: true, hint: "Free space at the vault; `holdfast doctor --free-space` shows what can go." },
  VAULT_WRITE_FAILED: { exitCode: 46, httpStatus: 502, retryable: true, hint: "Read the tool's own words above; the point was not listed." },
  VAULT_READ_FAILED: { exitCode: 47, httpStatus: 502, retryable: true, hint: "Run `holdfast verify` on the point; use another vault with --from if it is damaged." },
  VAULT_DAMAGED: { exitCode: 48, httpStatus: 500, retryable: false, hint: "Do not trust this copy. Restore from another vault, and run `holdfast verify` on the other points." },
  VAULT_DELETE_REFUSED: { exitCode: 49, httpStatus: 403, retryable: false, hint: "The vault refused the deletion (append-only?). Delete with credentials that may, from elsewhere." },
  VAULT_TOOL_MISSING: { exitCode: 50, httpStatus: 500, retryable: false, hint: "Run `scripts/install` or install restic 0.17 or newer." },
  KIT_INVALID: { exitCode: 51, httpStatus: 422, retryable: false, hint: "Use the kit file that `holdfast kit` wrote, and its passphrase." },
  VAULT_NOT_MOUNTED: { exitCode: 52, httpStatus: 409, retryable: true, hint: "Connect and mount the vault's disk, then run it again; nothing was written." },
  // recovery points
  POINT_UNKNOWN: { exitCode: 54, httpStatus: 404, retryable: false, hint: "Run `holdfast points` to see what there is." },
  POINT_OF_ANOTHER_APP: { exitCode: 55, httpStatus: 409, retryable: false, hint: "Name the app that the point belongs to." },
  POINT_UNSEALED: { exitCode: 56, httpStatus: 409, retryable: false, hint: "This run never finished; use an earlier point." },
  POINT_DAMAGED: { exitCode: 57, httpStatus: 500, retryable: false, hint: "Use another point or another vault, and run `holdfast verify` on the rest." },
  MANIFEST_INVALID: { exitCode: 58, httpStatus: 500, retryable: false, hint: "The manifest was altered or is of a newer version. Use another copy of the point." },
  CHAIN_BROKEN: { exitCode: 59, httpStatus: 500, retryable: false, hint: "A point was removed, swapped or rolled back in the vault. Find out why before you delete anything." },
  PART_UNKNOWN: { exitCode: 60, httpStatus: 404, retryable: false, hint: "Run `holdfast show POINT` to see its parts." },
  POINT_PINNED: { exitCode: 61, httpStatus: 409, retryable: false, hint: "Unpin it first with `holdfast unpin`." },
  PROOF_MISSING: { exitCode: 62, httpStatus: 409, retryable: false, hint: "Run `holdfast verify` first, or pass --unproven." },
  RETENTION_INVALID: { exitCode: 63, httpStatus: 422, retryable: false, hint: "Give at least one positive count." },
  PLAN_STALE: { exitCode: 64, httpStatus: 409, retryable: true, hint: "Points changed since the plan was made. Make the plan again." },
  POINT_EXPIRED: { exitCode: 65, httpStatus: 409, retryable: false, hint: "The vault's own policy let it go. Copy a point that was not expired there, or widen the vault's `keep` first." },
  // databases
  DATABASE_UNREACHABLE: { exitCode: 66, httpStatus: 503, retryable: true, hint: "Check that the database runs and that the settings name the right address, user and password." },
  DATABASE_MISSING: { exitCode: 67, httpStatus: 404, retryable: false, hint: "Check the database's name in the settings." },
  DATABASE_AUTH_FAILED: { exitCode: 68, httpStatus: 403, retryable: false, hint: "Check the user and the password file in the settings." },
  DATABASE_CLIENT_TOO_OLD: { exitCode: 69, httpStatus: 409, retryable: false, hint: "Install PostgreSQL clients at least as new as the server, or let Holdfast use the container's own." },
  DATABASE_VERSION_MISMATCH: { exitCode: 70, httpStatus: 409, retryable: false, hint: "Restore into a server of the same major version." },
  DATABASE_RIGHTS_MISSING: { exitCode: 71, httpStatus: 403, retryable: false, hint: "Give the role the right that is named, or use the owner or a superuser." },
  DATABASE_LOCKED: { exitCode: 72, httpStatus: 423, retryable: true, hint: "A long-running change holds a lock. Wait until it is done, then run the backup again." },
  DATABASE_DUMP_FAILED: { exitCode: 73, httpStatus: 502, retryable: true, hint: "Read the tool's own words above; the point was not listed." },
  DATABASE_CHANGED_DURING_CAPTURE: { exitCode: 74, httpStatus: 409, retryable: true, hint: "A table was added or removed meanwhile. Run the backup again." },
  DATABASE_RESTORE_FAILED: { exitCode: 75, httpStatus: 502, retryable: false, hint: "The live database was not touched. Read the tool's own words above." },
  DATABASE_IN_USE: { exitCode: 76, httpStatus: 409, retryable: true, hint: "Stop the programs that are named, then run it again." },
  DATABASE_FACTS_DIFFER: { exitCode: 77, httpStatus: 500, retryable: false, hint: "What came back is not what was captured. Use another point, and report this." },
  DATABASE_COLLAPSED: { exitCode: 78, httpStatus: 409, retryable: false, hint: "If the drop is intended, run `holdfast backup --accept-collapse`." },
  DATABASE_RENAME_REFUSED: { exitCode: 79, httpStatus: 403, retryable: false, hint: "Give the role the right to create and rename databases, or restore beside with --into DIR and load the dump with pg_restore." },
  SQLITE_NOT_A_DATABASE: { exitCode: 80, httpStatus: 422, retryable: false, hint: "Check the path; an encrypted or foreign file is protected as a plain file." },
  SQLITE_DAMAGED: { exitCode: 81, httpStatus: 500, retryable: false, hint: "The source is damaged. Keep the older points, and try `holdfast salvage` on a copy." },
  SQLITE_BUSY: { exitCode: 82, httpStatus: 423, retryable: true, hint: "A program holds an exclusive lock. Wait or stop it, then run it again." },
  SQLITE_LINKED: { exitCode: 83, httpStatus: 409, retryable: false, hint: "The database file has several names (hard links). Give Holdfast the only one." },
  DUMP_FORMAT_UNKNOWN: { exitCode: 84, httpStatus: 422, retryable: false, hint: "Give a custom, plain or gzipped PostgreSQL dump, a SQLite file or a tar archive." },
  DUMP_TRUNCATED: { exitCode: 85, httpStatus: 422, retryable: false, hint: "The dump is cut short. Use another one." },
  DUMP_DAMAGED: { exitCode: 86, httpStatus: 422, retryable: false, hint: "The dump cannot be read to its end. Use another one." },
  // files and secrets
  SOURCE_MISSING: { exitCode: 90, httpStatus: 404, retryable: false, hint: "Check the path and that its disk is mounted." },
  SOURCE_NOT_MOUNTED: { exitCode: 91, httpStatus: 409, retryable: false, hint: "Mount the disk, then run it again." },
  SOURCE_EMPTY: { exitCode: 92, httpStatus: 409, retryable: false, hint: "The source was not empty last time. If this is intended, run `holdfast backup --accept-collapse`." },
  SOURCE_COLLAPSED: { exitCode: 93, httpStatus: 409, retryable: false, hint: "If the drop is intended, run `holdfast backup --accept-collapse`." },
  SOURCE_UNREADABLE: { exitCode: 94, httpStatus: 403, retryable: false, hint: "Give this user the right to read the files that are named, or exclude them." },
  SOURCE_CHANGED: { exitCode: 95, httpStatus: 409, retryable: true, hint: "Files changed while they were read. Run it again, or leave --strict out." },
  SECRET_EMPTY: { exitCode: 96, httpStatus: 422, retryable: false, hint: "The secret has no content. Fill it, or take it out of the settings." },
  SECRET_MISSING: { exitCode: 97, httpStatus: 404, retryable: false, hint: "Put the secret back, or take it out of the settings." },
  FILES_DIFFER: { exitCode: 98, httpStatus: 500, retryable: false, hint: "What came back is not what was captured. Use another point, and report this." },
  REFERENCES_BROKEN: { exitCode: 99, httpStatus: 409, retryable: false, hint: "Rows name files that are not there. Restore files and database from one point." },
  // restore, drill, rebuild, exchange
  SPACE_MISSING: { exitCode: 102, httpStatus: 507, retryable: false, hint: "Free the space that is named; nothing was changed." },
  TARGET_NOT_EMPTY: { exitCode: 103, httpStatus: 409, retryable: false, hint: "Give an empty or new place." },
  TARGET_IS_LIVE: { exitCode: 104, httpStatus: 409, retryable: false, hint: "--into must not name what the app is using; leave --into out to restore in place." },
  KEY_MISMATCH: { exitCode: 105, httpStatus: 409, retryable: false, hint: "The data needs the key whose fingerprint is shown; restore the secrets of the same point." },
  UNDO_UNAVAILABLE: { exitCode: 106, httpStatus: 409, retryable: false, hint: "The kept state was released or replaced. Restore the safety point instead." },
  SANDBOX_REFUSED: { exitCode: 107, httpStatus: 422, retryable: false, hint: "The app needs something a sandbox must not have. Use `--level restored`." },
  DRILL_FAILED: { exitCode: 108, httpStatus: 500, retryable: false, hint: "The point did not come back as it should. Read which check failed, and use another point." },
  EXPORT_FAILED: { exitCode: 109, httpStatus: 500, retryable: false, hint: "Read the cause above; what was written so far was removed." },
  SALVAGE_FAILED: { exitCode: 110, httpStatus: 500, retryable: false, hint: "Nothing could be read from the file. Restore a point instead." },
  REGENERATE_REFUSED: { exitCode: 111, httpStatus: 409, retryable: false, hint: "This secret cannot be made anew without losing data. Restore it from a point." },
  DEMO_FAILED: { exitCode: 112, httpStatus: 500, retryable: false, hint: "The sample app did not come back as it was: please report this with what the demo printed." },
  // operations, tools
  OPERATION_BUSY: { exitCode: 113, httpStatus: 423, retryable: true, hint: "Wait until the named operation is done, or cancel it with `holdfast cancel`." },
  OPERATION_UNKNOWN: { exitCode: 114, httpStatus: 404, retryable: false, hint: "Run `holdfast operations` to see what there is." },
  OPERATION_CANCELLED: { exitCode: 115, httpStatus: 499, retryable: true, hint: "It was stopped on request; the app is running as before." },
  OPERATION_UNSETTLED: { exitCode: 116, httpStatus: 500, retryable: false, hint: "Follow the steps above; the app stays stopped until they are done." },
  LEASE_LOST: { exitCode: 117, httpStatus: 409, retryable: true, hint: "Another process took over. Nothing more was written by this one." },
  STORE_BEHIND: { exitCode: 118, httpStatus: 409, retryable: true, hint: "The store was lost. Reading the vault again must finish first." },
  STORE_UNREADABLE: { exitCode: 119, httpStatus: 500, retryable: false, hint: "Move the store aside; it is rebuilt from the vault by the next command." },
  TOOL_MISSING: { exitCode: 120, httpStatus: 500, retryable: false, hint: "Run `scripts/install`, or install the program that is named." },
  TOOL_FAILED: { exitCode: 121, httpStatus: 502, retryable: true, hint: "Read the tool's own words above." },
  TOOL_TIMEOUT: { exitCode: 122, httpStatus: 504, retryable: true, hint: "The program made no progress and was ended. Check what it was waiting for." },
  NOT_PERMITTED: { exitCode: 123, httpStatus: 403, retryable: false, hint: "Run it as a user who may, usually root." },
  CLOCK_IMPLAUSIBLE: { exitCode: 124, httpStatus: 409, retryable: false, hint: "Set the machine's clock; nothing is deleted until it is plausible." },
  NOTIFY_FAILED: { exitCode: 125, httpStatus: 502, retryable: true, hint: "Check address, account and network of the receiver; `holdfast notify test` tries again." },
} as const satisfies Record<string, CatalogRow>

export const catalog: Readonly<Record<ErrorCode, CatalogRow>> = rows

