/** SIGKILL at every journaled step of a rollback by hand, of an app with a SQLite file; in the full run alone. */
import { describeRolledBack } from "./update-cells.ts"

describeRolledBack("sqlite", "an app with a SQLite file")
