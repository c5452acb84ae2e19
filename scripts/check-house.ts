/** Checks the rules of the house on every source file; prints each violation with its reason and exits 1 if there is one. */
import { readFileSync, readdirSync } from "node:fs"
import { join, resolve } from "node:path"
import { violationsOf } from "./house/rules.ts"

const root = resolve(process.argv[2] ?? join(import.meta.dirname, ".."))
const files = ["src", "demo", "test", "scripts", "web/src"].flatMap((folder) => sourceFiles(folder))
const violations = files.flatMap((file) => violationsOf(file, readFileSync(join(root, file), "utf8")))
for (const { file, line, rule, reason } of violations) console.error(`${file}:${line} ${rule}: ${reason}`)
console.log(`house rules: ${files.length} files, ${violations.length} violations`)
process.exitCode = violations.length === 0 ? 0 : 1

function sourceFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && !name.includes("node_modules"))
    .map((name) => `${folder}/${name}`)
    .toSorted()
}
