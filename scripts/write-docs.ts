/** `npm run docs:write`: writes the pages of the manual that come from the code. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { writtenPages } from "./docs/pages.ts"

for (const [page, text] of writtenPages()) writeFileSync(join(import.meta.dirname, "..", page), text)
