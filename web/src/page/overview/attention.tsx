import { TextLink } from "../../piece/link.tsx"
import { Group, Text } from "@mantine/core"
import type { ReactNode } from "react"
import type { Alarm } from "../../../../src/contract/api/overview.ts"
import { Icon } from "../../piece/icon.tsx"
import { Instant } from "../../piece/instant.tsx"
import { Section } from "../../piece/layout.tsx"

/** What a person has to know until it is over. */
export function Attention({ alarms }: { readonly alarms: readonly Alarm[] }): ReactNode {
  const open = alarms.filter((alarm) => alarm.endedAt === null)
  if (open.length === 0) return null
  return (
    <Section title="Needs attention" tight>
      <ul className="rows">
        {open.map((alarm) => (
          <li key={alarm.key}>
            <Group wrap="nowrap" align="flex-start" gap="sm">
              <span className="ink-bad">
                <Icon name="warn" size={20} />
              </span>
              <div className="grow">
                <Text className="wrap">{alarm.text}</Text>
                <Group gap="md" className="quiet" mt={2}>
                  {alarm.app === null ? null : (
                    <TextLink to="/apps/$app" params={{ app: alarm.app }} inherit>
                      {alarm.app}
                    </TextLink>
                  )}
                  <span>
                    since <Instant at={alarm.since} />
                  </span>
                  {alarm.toldAt === null ? (
                    <span>nobody could be told</span>
                  ) : (
                    <span>
                      told <Instant at={alarm.toldAt} />
                    </span>
                  )}
                </Group>
              </div>
            </Group>
          </li>
        ))}
      </ul>
    </Section>
  )
}
