import { useMemo, type ReactNode } from "react"
import { qrModules } from "./qr.ts"

const QUIET = 2

/** A text as a picture to scan, drawn here: the secret in it is sent to nobody. */
export function QrCode({ text, label }: { readonly text: string; readonly label: string }): ReactNode {
  const modules = useMemo(() => qrModules(text), [text])
  if (modules === null) return null
  const size = modules.length + 2 * QUIET
  const path = modules.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x + QUIET} ${y + QUIET}h1v1h-1z`] : []))).join("")
  return (
    <div className="qr">
      <svg width={196} height={196} viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
        <path d={path} fill="#000" />
      </svg>
    </div>
  )
}
