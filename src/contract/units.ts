/** Sizes and durations as the command line writes them, for the panel: it may import the contract alone. */
export { formatBytes, formatDuration } from "../base/units.ts"
