import { mkdir, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { newDirectory, removeTree } from "../../../test/fixture/tmp.ts"
import { filesRead, isSqlite } from "./read-files.ts"

describe("the files that a compose project reads", () => {
  let directory = ""

  beforeEach(async () => {
    directory = await newDirectory("read-files")
  })

  afterEach(async () => await removeTree(directory))

  async function found(files: Readonly<Record<string, string>>, variables: Readonly<Record<string, string>> = {}) {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(directory, path)), { recursive: true })
      await writeFile(join(directory, path), text)
    }
    const read = filesRead({ files: [join(directory, "compose.yml")], projectDirectory: directory }, (name) => variables[name])
    const short = (paths: readonly string[]): readonly string[] => paths.map((path) => path.replace(`${directory}/`, ""))
    return { configuration: short(read.configuration), secrets: short(read.secrets) }
  }

  it("are the compose files that it includes and extends, each with what that one reads, from its own folder", async () => {
    const read = await found({
      "compose.yml": `
include:
  - parts/cache.yml
  - { path: [other/one.yml, other/two.yml], project_directory: other }
  - oci://registry.example/stack
services:
  web: { extends: { file: common/base.yml, service: base } }
  same: { extends: web }
  also: { extends: { service: web } }`,
      "parts/cache.yml": `services: { cache: { env_file: cache.env, volumes: ["./cache.conf:/etc/cache.conf:ro"] } }`,
      "parts/cache.env": "A=1",
      "parts/cache.conf": "x",
      "parts/.env": "B=1",
      "other/one.yml": "include: [../parts/cache.yml]",
      "other/two.yml": "configs: { motd: { file: motd } }",
      "other/motd": "hello",
      "common/base.yml": `services: { base: { extends: { file: deeper.yml, service: deep }, env_file: [base.env] } }`,
      "common/deeper.yml": `services: { deep: { env_file: [{ path: deep.env, required: false }, { path: absent.env, required: false }] } }`,
      "common/base.env": "C=1",
      "common/deep.env": "D=1",
    })

    expect(read.configuration).toEqual([
      "parts/cache.yml",
      "parts/cache.conf",
      "other/one.yml",
      "other/two.yml",
      "other/motd",
      "common/base.yml",
      "common/deeper.yml",
    ])
    expect(read.secrets).toEqual(["parts/.env", "parts/cache.env", "common/base.env", "common/deep.env"])
  })

  it("are files of configs, labels and secrets, and single files that are mounted; no folder, no volume, nothing of the machine", async () => {
    const read = await found(
      {
        "compose.yml": `
services:
  web:
    label_file: labels
    volumes:
      - ./Caddyfile:/etc/caddy/Caddyfile:ro
      - \${CONF:-./missing}/app.toml:/app.toml
      - { type: bind, source: ./acme.json, target: /acme.json }
      - { type: volume, source: data, target: /data }
      - ./folder:/folder
      - data:/other
      - /anonymous
      - /etc/passwd:/etc/passwd:ro
      - /etc/hosts:/etc/hosts:ro
configs:
  written: { content: hello }
  elsewhere: { external: true }
  app: { file: app.conf }
secrets:
  token: { file: ./keys/token }
  variable: { environment: TOKEN }`,
        labels: "a=b",
        Caddyfile: "x",
        "etc/app.toml": "x",
        "acme.json": "{}",
        "folder/file": "x",
        "app.conf": "x",
        "keys/token": "x",
      },
      { CONF: "./etc" },
    )

    expect(read.configuration).toEqual(["app.conf", "labels", "Caddyfile", "etc/app.toml", "acme.json"])
    expect(read.secrets).toEqual(["keys/token"])
  })

  it("are named with the variables of the project, and in what is included with its own where the project has none", async () => {
    const read = await found(
      {
        "compose.yml": "include: [{ path: '${PART}/compose.yml', env_file: part/own.env }]",
        "part/compose.yml": "configs: { a: { file: '${NAME}.conf' }, b: { file: '${PART}.conf' } }",
        "part/own.env": "NAME=mine\nPART=not-this",
        "part/mine.conf": "x",
        "part/part.conf": "x",
      },
      { PART: "part" },
    )

    expect(read).toEqual({ configuration: ["part/compose.yml", "part/mine.conf", "part/part.conf"], secrets: ["part/own.env"] })
  })

  it("end where files include each other, and leave alone what is no compose file", async () => {
    expect(
      await found({ "compose.yml": "include: [a.yml]", "a.yml": "include: [b.yml, compose.yml]", "b.yml": "include: [a.yml]" }),
    ).toEqual({
      configuration: ["a.yml", "b.yml"],
      secrets: [],
    })
    expect(
      await found({
        "compose.yml": "include: [a.yml, b.yml]\nservices: { web: 1, other: { volumes: 7, env_file: {} } }\nconfigs: []",
        "a.yml": "[1, *x",
        "b.yml": "7",
      }),
    ).toEqual({ configuration: ["a.yml", "b.yml"], secrets: [] })
  })

  it("are no SQLite database: a copy of one while it is written is none", async () => {
    new DatabaseSync(join(directory, "app.db")).exec("CREATE TABLE a (b); INSERT INTO a VALUES (1)")
    await writeFile(join(directory, "text"), "SQLite format 4\0")

    expect(await found({ "compose.yml": `services: { web: { volumes: ["./app.db:/app.db", "./text:/text"] } }` })).toEqual({
      configuration: ["text"],
      secrets: [],
    })
    expect(isSqlite(join(directory, "absent"))).toBe(false)
  })
})
