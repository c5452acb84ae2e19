/** SIGKILL at every journaled step of an update of an app with a SQLite file; in the full run alone. */
import { describeKilled } from "./update-cells.ts"

describeKilled("sqlite", "an app with a SQLite file")
