/** An engine that goes wrong under an update of an app with PostgreSQL; in the full run alone. */
import { describeEngineTrouble } from "./update-cells.ts"

describeEngineTrouble("postgres", "an app with PostgreSQL")
