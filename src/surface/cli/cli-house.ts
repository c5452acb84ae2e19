import type { House, Surroundings } from "../house/house.ts"
import type { Terminal } from "./terminal.ts"

/** Options that every command takes. */
export interface GlobalOptions {
  readonly config: string | null
  readonly stateDirectory: string | null
  readonly json: boolean
  readonly quiet: boolean
  readonly color: boolean
}

/** Where the command line runs. */
export interface CliSurroundings extends Surroundings {
  readonly terminal: Terminal
}

/** The house as a command sees it: with the terminal before it, and the options of every command. */
export interface CliHouse extends House, CliSurroundings {
  readonly options: GlobalOptions
}
