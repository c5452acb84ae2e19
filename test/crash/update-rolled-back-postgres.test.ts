/** SIGKILL at every journaled step of a rollback by hand, of an app with PostgreSQL; in the full run alone. */
import { describeRolledBack } from "./update-cells.ts"

describeRolledBack("postgres", "an app with PostgreSQL")
