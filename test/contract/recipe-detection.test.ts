import { DatabaseSync } from "node:sqlite"
import { mkdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, it } from "vitest"
import { renderSettings } from "../../src/app/detect/render.ts"
import { parseSettings } from "../../src/settings/parse.ts"
import { resolveApp } from "../../src/settings/resolve.ts"
import { fixtureProject, recipes } from "../fixture/recipe/detect.ts"
import { describeNeeding } from "../fixture/needs.ts"
import { temporaryDirectory } from "../fixture/tmp.ts"

const pem = { "secrets/jwt_private.pem": "x", "secrets/jwt_public.pem": "y" }

describeNeeding("docker")("detection of the three applications from what compose itself resolves", () => {
  it("finds Chatalot's database, uploads, secrets and override under the project's real names", async () => {
    const project = await fixtureProject(
      "chatalot",
      await temporaryDirectory(),
      "My Chat.App",
      "DB_PASSWORD=first\nTOTP_ENCRYPTION_KEY=ab\nDB_PASSWORD=last\n",
      pem,
    )

    const found = await project.detect()

    expect(found.recipe).toBe("chatalot")
    expect(found.project.projectName).toBe("mychatapp")
    expect(found.databases).toEqual([
      {
        engine: "postgres",
        name: "main",
        service: "postgres",
        database: "chatalot",
        user: "chatalot",
        why: "DATABASE_URL of chatalot leads to it",
      },
    ])
    expect(found.files).toEqual([
      {
        name: "uploads",
        place: { volume: "file_storage", path: "" },
        realName: "mychatapp_file_storage",
        usedBy: ["chatalot"],
        exclude: [],
      },
    ])
    expect(found.secrets).toEqual([join(project.directory, "secrets"), join(project.directory, ".env")])
    expect(found.leftOut).toEqual([
      {
        what: "volume mychatapp_postgres_data",
        why: "is the live directory of the database server postgres; a copy of it while it runs is not consistent, its databases are dumped instead",
      },
    ])
    expect(found.notes).toContain("only in a profile: cloudflared (production), coturn (turn)")
    expect(found.notes).toContain("built on this host, so their images are saved too: chatalot")
    expect(found.notes).toContain(`with override: ${join(project.directory, "docker-compose.override.yml")}`)
    expect(found.notes).toContain("written more than once in .env, where the last one counts: DB_PASSWORD")
    expect(project.found.envFile.values.get("DB_PASSWORD")).toBe("last")
  })

  it("finds SuperChat's database in its volume by the first bytes, whatever the file is called, and leaves its files out of the tree", async () => {
    const parent = await temporaryDirectory()
    const volume = join(parent, "volume")
    await mkdir(join(volume, "deep"), { recursive: true })
    const database = new DatabaseSync(join(volume, "superchat.db"))
    database.exec("CREATE TABLE a (b)")
    database.close()
    await writeFile(join(volume, "fake.db"), "not a database at all")
    const project = await fixtureProject("superchat", parent, "sc", "")

    const found = await project.detect({ "sc_superchat-data": volume })

    expect(found.recipe).toBe("superchat")
    expect(found.databases).toMatchObject([{ engine: "sqlite", name: "main", place: { volume: "superchat-data", path: "superchat.db" } }])
    expect(found.files).toMatchObject([{ name: "data", realName: "sc_superchat-data" }])
    expect(found.files[0]?.exclude).toEqual(expect.arrayContaining(["superchat.db", "superchat.db-wal", "superchat.db-shm"]))
  })

  it("says that a volume it cannot read may hold a database", async () => {
    const project = await fixtureProject("superchat", await temporaryDirectory(), "sc", "")
    const found = await project.detect()
    expect(found.unknown).toContain("volume sc_superchat-data cannot be read from here: whether it holds a SQLite database is not known")
  })

  it("finds Weavestream's folders under DATA_DIR, and names Redis and the live database directory as left out", async () => {
    const parent = await temporaryDirectory()
    const env = `DATA_DIR=${parent}/elsewhere\nPOSTGRES_PASSWORD=p#w\nDATABASE_URL=postgresql://weavestream:p@postgres:5432/weavestream\n`
    const project = await fixtureProject("weavestream", parent, "weave", env)

    const found = await project.detect()

    expect(found.recipe).toBe("weavestream")
    expect(found.databases).toMatchObject([
      { engine: "postgres", name: "main", service: "postgres", database: "weavestream", user: "weavestream" },
    ])
    expect(found.files.map(({ name, place }) => [name, place])).toEqual([
      ["files", { path: `${parent}/elsewhere/files` }],
      ["backup", { path: `${parent}/elsewhere/backup` }],
    ])
    expect(found.files[0]?.exclude).toEqual(["*.tmp-*"])
    expect(found.leftOut.map(({ what, why }) => `${what} ${why.split(";")[0]}`)).toEqual([
      `${parent}/elsewhere/postgres is the live directory of the database server postgres`,
      `${parent}/elsewhere/redis belongs to redis (redis), a cache`,
    ])
  })

  it("finds several Postgres servers, and says of engines that it does not know that they are not protected, with the two ways out", async () => {
    const project = await fixtureProject("others", await temporaryDirectory(), "whatever", "")

    const found = await project.detect()

    expect(found.project.projectName).toBe("mixed-bag")
    expect(
      found.databases.map((database) =>
        database.engine === "postgres" ? [database.name, database.service, database.database, database.user] : [],
      ),
    ).toEqual([
      ["stats", "analytics", "stats", "ana"],
      ["orders", "maindb", "orders", "root"],
    ])
    expect(found.notProtected.map(({ what, why }) => `${what} ${why}`).join("\n")).toMatch(
      /volume .*_my is the live directory of mysql .*command: \{ dump: \[...\], restore: \[...\] \}.*--cold/,
    )
    expect(found.notProtected.map(({ what }) => what)).toContain("service mongo")
    expect(found.files.map(({ name }) => name)).toEqual(["shopdata", "wp"])
    expect(found.health).toEqual({
      url: "http://127.0.0.1:8081/wp-login.php",
      command: null,
      why: "the health check of the service wordpress",
    })
  })

  it.each(["chatalot", "superchat", "weavestream", "others"])(
    "writes settings for %s that its own schema takes and that resolve to the same app",
    async (fixture) => {
      const project = await fixtureProject(fixture, await temporaryDirectory(), "stack", "POSTGRES_PASSWORD=p\nDB_PASSWORD=q\n", pem)
      const found = await project.detect()

      const text = renderSettings(found, { vaultPath: "/backup: here" })
      const file = join(project.directory, "holdfast.yaml")
      const settings = { ...parseSettings(text, file), file, directory: project.directory, environment: {} }
      const app = resolveApp(settings, "app", { environment: {}, recipes })

      expect(settings.vaults["local"]?.path).toBe("/backup: here")
      expect(app.files.map(({ name, place }) => [name, place])).toEqual(found.files.map(({ name, place }) => [name, place]))
      expect(app.databases.map(({ name }) => name)).toEqual(
        found.databases.length === 0 ? Object.keys(app.recipe?.databases ?? {}) : found.databases.map(({ name }) => name),
      )
      expect(app.secrets).toEqual(found.secrets)
      expect(app.compose?.files).toEqual(found.project.files)
      for (const left of found.leftOut) expect(text).toContain(`# Left out: ${left.what} ${left.why}`)
    },
  )

  it("never writes a secret's value into the settings", async () => {
    const project = await fixtureProject(
      "weavestream",
      await temporaryDirectory(),
      "stack",
      "POSTGRES_PASSWORD=canary-4711\nDATABASE_URL=postgresql://w:canary-4711@elsewhere:5432/w\n",
    )
    const text = renderSettings(await project.detect())
    expect(text).not.toContain("canary")
    expect(await readFile(join(project.directory, ".env"), "utf8")).toContain("canary")
  })
})
