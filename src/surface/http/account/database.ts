import { chmodSync, existsSync } from "node:fs"
import { open } from "node:fs/promises"
import { DatabaseSync } from "node:sqlite"

/** Tables of ours beside those of better-auth. Rights are never in its user table, so that no request to it can set them. */
const TABLES = `
CREATE TABLE IF NOT EXISTS role_grant (
  user_id TEXT NOT NULL, position INTEGER NOT NULL, role TEXT NOT NULL, apps TEXT,
  PRIMARY KEY (user_id, position)
) STRICT;
CREATE TABLE IF NOT EXISTS disabled_user (user_id TEXT PRIMARY KEY) STRICT;
CREATE TABLE IF NOT EXISTS fresh_session (session_id TEXT PRIMARY KEY, until TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS used_code (user_id TEXT NOT NULL, code TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (user_id, code)) STRICT;
CREATE TABLE IF NOT EXISTS api_key (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, prefix TEXT NOT NULL, digest TEXT NOT NULL UNIQUE, grants TEXT NOT NULL,
  unattended INTEGER NOT NULL, created_by TEXT NOT NULL, created_at TEXT NOT NULL, last_used_at TEXT, expires_at TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS audit (
  sequence INTEGER PRIMARY KEY, at TEXT NOT NULL, actor TEXT NOT NULL, source TEXT NOT NULL, action TEXT NOT NULL,
  app TEXT, subject TEXT, outcome TEXT NOT NULL, details TEXT NOT NULL, hash TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS signed_nonce (app TEXT NOT NULL, nonce TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (app, nonce)) STRICT;
CREATE TRIGGER IF NOT EXISTS audit_keeps BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
CREATE TRIGGER IF NOT EXISTS audit_stays BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
`

/** Opens `accounts.sqlite` (0600), made where it is not there. Several processes may: the service, and `holdfast user`. */
export async function openAccountsDatabase(file: string): Promise<DatabaseSync> {
  if (!existsSync(file)) await (await open(file, "a", 0o600)).close()
  chmodSync(file, 0o600)
  const database = new DatabaseSync(file, { timeout: 5000 })
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;")
  database.exec(TABLES)
  return database
}
