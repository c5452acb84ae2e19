/** SIGKILL at every journaled step of an update of an app with PostgreSQL; in the full run alone. */
import { describeKilled } from "./update-cells.ts"

describeKilled("postgres", "an app with PostgreSQL")
