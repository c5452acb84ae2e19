/** A registry that is gone and disks that are full under an update of an app with PostgreSQL; in the full run alone. */
import { describeTroubled } from "./update-cells.ts"

describeTroubled("postgres", "an app with PostgreSQL")
