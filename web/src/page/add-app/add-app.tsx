import { TextLink } from "../../piece/link.tsx"
import { useState, type ReactNode } from "react"
import type { Detected } from "../../../../src/contract/api/app.ts"
import { Page } from "../../piece/layout.tsx"
import { Choose } from "./choose.tsx"
import { Review } from "./review.tsx"

/** From a compose file to a protected app: choose it, review what was found, save. */
export function AddApp(): ReactNode {
  const [found, setFound] = useState<Detected | null>(null)
  return (
    <Page
      title={found === null ? "Add an app" : `Add ${found.app}`}
      lead={
        found === null
          ? "Holdfast reads its compose file and looks what there is to protect. Nothing is changed yet."
          : "Review what was found. It is written into the settings when you save."
      }
      above={
        <TextLink to="/" size="sm">
          Overview
        </TextLink>
      }
    >
      {found === null ? <Choose onFound={setFound} /> : <Review found={found} onBack={() => setFound(null)} />}
    </Page>
  )
}
