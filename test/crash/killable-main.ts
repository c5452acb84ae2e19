import { main } from "../../src/main.ts"
import { killingStore, killOrderFrom } from "./killing-store.ts"

/** The real program with a store that kills it at a chosen write. */
const order = killOrderFrom(process.env)
process.exitCode = await main({ wrapStore: (store) => killingStore(store, order) })
