/** An engine that goes wrong under an update of an app with a SQLite file; in the full run alone. */
import { describeEngineTrouble } from "./update-cells.ts"

describeEngineTrouble("sqlite", "an app with a SQLite file")
