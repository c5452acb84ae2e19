import { Text } from "@mantine/core"
import type { ReactNode } from "react"
import type { Detected } from "../../../../src/contract/api/app.ts"
import { Icon } from "../../piece/icon.tsx"
import { Note } from "../../piece/status.tsx"

/** The parts that a recovery point of this app would have. */
export function FoundParts({ found }: { readonly found: Detected }): ReactNode {
  const rows = [
    ...found.databases.map(({ name, engine, from, why }) => ({
      key: `database:${name}`,
      what: `Database ${name}`,
      detail: `${engine}, ${from}. ${why}`,
    })),
    ...found.files.map(({ name, from, usedBy }) => ({
      key: `files:${name}`,
      what: `Files ${name}`,
      detail: usedBy.length === 0 ? from : `${from}, used by ${usedBy.join(", ")}`,
    })),
    ...found.secrets.map((secret) => ({ key: `secret:${secret}`, what: "Secret", detail: secret })),
    { key: "configuration", what: "Configuration", detail: "the compose files and what they name" },
  ]
  if (found.databases.length + found.files.length === 0) {
    return (
      <Note tone="bad" title="Neither a database nor files were found.">
        Without them there is nothing to protect. Name them below, under databases and files.
      </Note>
    )
  }
  return (
    <ul className="rows inset">
      {rows.map(({ key, what, detail }) => (
        <li key={key}>
          <div className="line">
            <span className="ink-good">
              <Icon name="check" />
            </span>
            <div className="grow">
              <Text fw={600}>{what}</Text>
              <Text size="sm" c="dimmed" className="wrap">
                {detail}
              </Text>
            </div>
          </div>
        </li>
      ))}
    </ul>
  )
}

export function LeftOut({ items, tone }: { readonly items: Detected["leftOut"]; readonly tone: "warn" | "quiet" }): ReactNode {
  return (
    <>
      {items.map(({ what, why }) => (
        <div className="line" key={`${what} ${why}`}>
          <span className={tone === "warn" ? "ink-warn" : "quiet"}>
            <Icon name={tone === "warn" ? "warn" : "dot"} />
          </span>
          <Text className="wrap">
            <strong>{what}</strong>: {why}
          </Text>
        </div>
      ))}
    </>
  )
}
