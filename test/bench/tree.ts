/** The row of design §14 about an unchanged tree of many small files. */
import { randomBytes } from "node:crypto"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { median, once, shell } from "./measure.ts"
import { fasterBy, slowerBy, type Keep } from "./row.ts"
import { createWorkplace } from "./workplace.ts"

const FILES_PER_FOLDER = 200

export async function treeRows(place: string, files: number, sizeBytes: number, runs: number, keep: Keep): Promise<void> {
  const directory = join(place, "tree-bench")
  const tree = join(directory, "tree")
  fillTree(tree, files, Math.max(1, Math.floor(sizeBytes / files)))
  const tar = await median(() => shell(`tar -C ${tree} -czf ${join(directory, "tree.tgz")} .`), { runs })
  const restic = {
    RESTIC_REPOSITORY: join(directory, "restic"),
    RESTIC_PASSWORD: "bench",
    RESTIC_CACHE_DIR: join(directory, "restic-cache"),
  }
  const alone = shell(`cd ${tree} && restic backup --quiet .`, restic)
  await once(shell("restic init --quiet", restic))
  await once(alone)
  const resticAgain = await median(() => alone, { runs })
  const workplace = createWorkplace(join(directory, "tree-app"), `    files: { uploads: { path: ${tree} } }\n`)
  await once(workplace.holdfast("backup", "bench"))
  const again = await median(() => workplace.holdfast("backup", "bench"), { runs })
  const work = `unchanged tree of ${files} files`
  keep(
    fasterBy(work, again.durationMs, "tar czf", tar.durationMs, 20),
    slowerBy(work, again.durationMs, "restic alone", resticAgain.durationMs, 1.3),
  )
  rmSync(directory, { recursive: true })
}

function fillTree(tree: string, files: number, bytesEach: number): void {
  for (let file = 0; file < files; file += 1) {
    const folder = join(tree, String(Math.floor(file / FILES_PER_FOLDER)))
    if (file % FILES_PER_FOLDER === 0) mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, `${file}.bin`), randomBytes(bytesEach))
  }
}
