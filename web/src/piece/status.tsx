import type { ReactNode } from "react"
import { Icon, type IconName } from "./icon.tsx"

export type Tone = "good" | "warn" | "bad" | "busy" | "quiet"

const icons: Readonly<Record<Tone, IconName>> = { good: "check", warn: "warn", bad: "cross", busy: "busy", quiet: "dot" }

/** A state in a word, with a drawing and a colour that say the same. */
export function Status({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }): ReactNode {
  return (
    <span className={`status tone-${tone}`}>
      <Icon name={icons[tone]} size={15} spinning={tone === "busy"} />
      {children}
    </span>
  )
}

interface NoteProps {
  readonly tone: Exclude<Tone, "quiet">
  readonly title?: ReactNode
  readonly children?: ReactNode
  /** Read out when it appears. */
  readonly live?: boolean
}

/** Something to read before going on. */
export function Note({ tone, title, children, live = false }: NoteProps): ReactNode {
  return (
    <div className={`note tone-${tone}`} role={live ? (tone === "bad" ? "alert" : "status") : undefined}>
      <Icon name={tone === "busy" ? "info" : icons[tone]} size={20} />
      <div className="note-body">
        {title === undefined ? null : (
          <p>
            <strong>{title}</strong>
          </p>
        )}
        {typeof children === "string" ? <p>{children}</p> : children}
      </div>
    </div>
  )
}
