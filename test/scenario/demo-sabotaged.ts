/** The real program, in which every upload is changed by one byte as soon as a restore has succeeded. Started by the demo's test only. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { main } from "../../src/main.ts"
import type { Store } from "../../src/operation/ports.ts"

process.exitCode = await main({ wrapStore: sabotaging })

function sabotaging(store: Store): Store {
  let restore = ""
  return {
    ...store,
    createOperation: async (operation) => {
      if (operation.kind === "restore") restore = operation.id
      await store.createOperation(operation)
    },
    finishOperation: async (id, end) => {
      await store.finishOperation(id, end)
      if (id === restore) changeUploads()
    },
  }
}

function changeUploads(): void {
  const directory = process.env["TMPDIR"] ?? ""
  for (const demo of readdirSync(directory).filter((name) => name.startsWith("holdfast-demo-"))) {
    const uploads = join(directory, demo, "app/uploads")
    for (const name of readdirSync(uploads)) {
      const bytes = readFileSync(join(uploads, name))
      bytes[0] = (bytes[0] ?? 0) ^ 1
      writeFileSync(join(uploads, name), bytes)
    }
  }
}
