import { importPoint } from "../../exchange/exchange.ts"
import { importedFrom, snapshotFiles, type SnapshotFile } from "../../exchange/snapshot-files.ts"
import type { CliHouse } from "./cli-house.ts"
import { inputWith, type CommandInput } from "./input.ts"
import { openSubject, type Subject } from "../house/subject.ts"
import { selectionOf } from "./selection.ts"

/** Where chatalot-snapshot keeps its files; null in an installation that never used it. */
export async function snapshotDirectory(house: CliHouse): Promise<string | null> {
  return (await house.settings()).dropIn?.snapshotDirectory ?? house.environment["CHATALOT_SNAPSHOT_DIR"] ?? null
}

/**
 * The same input with the point that is meant: a point of ours, else a snapshot file that lies in the directory. Such a file becomes a
 * point first, once; everything after that is the same path as for any point.
 */
export async function withSnapshotPoint(house: CliHouse, input: CommandInput): Promise<CommandInput> {
  const id = input.required("snapshot")
  const directory = await snapshotDirectory(house)
  const file = directory === null ? undefined : (await snapshotFiles(directory)).find((candidate) => candidate.id === id)
  return inputWith(input, { arguments: { point: file === undefined ? id : await pointOfFile(house, input, file) } })
}

async function pointOfFile(house: CliHouse, input: CommandInput, file: SnapshotFile): Promise<string> {
  const subject = await openSubject(house, selectionOf(input), { create: true })
  const { listPoints } = await import("../../recovery-point/recovery-point.ts")
  const points = await listPoints(subject.vault, subject.tools.store, subject.declared.name, subject.ctx)
  const own = points.find(({ manifest }) => manifest.id === file.id || importedFrom(manifest).includes(file.path))
  return own?.manifest.id ?? (await imported(house, subject, file))
}

async function imported(house: CliHouse, subject: Subject, file: SnapshotFile): Promise<string> {
  const options = { label: file.label ?? `snapshot ${file.id}`, version: file.version, ownerless: false }
  const files = [{ path: file.path, as: null }]
  const { manifest } = await importPoint(subject.tools, subject.vault, subject.app, files, options, house.command, house.base())
  house.progress.note(`${file.path} is now the point ${manifest.id}`)
  return manifest.id
}
