/** Points from and to files that other tools know: imports of foreign dumps and archives, exports that need no Holdfast (design §7). */
export { exportPoint, exportSnapshot, type ExportReport } from "./export.ts"
export { importPoint, settleImport, type ImportFile, type ImportOptions } from "./import.ts"
export { settleExport } from "./settle-export.ts"
export { recognise, type Recognised } from "./recognise.ts"
