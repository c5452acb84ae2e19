import { ActionIcon } from "@mantine/core"
import { useMutation } from "@tanstack/react-query"
import type { ReactNode } from "react"
import { tellProblem } from "../../piece/actions.tsx"
import { Icon } from "../../piece/icon.tsx"
import { saveFile } from "../../piece/save-file.ts"
import { askFile } from "../../wire/ask.ts"
import { place } from "../../wire/place.ts"
import { nameIn } from "./paths.ts"

interface DownloadProps {
  readonly app: string
  readonly point: string
  readonly part: string
  readonly path: string
}

/** Fetched rather than linked to, so that a refusal is shown here and not in place of the page. */
export function DownloadButton({ app, point, part, path }: DownloadProps): ReactNode {
  const get = useMutation({
    mutationFn: async () => await askFile(place`/apps/${app}/points/${point}/download?part=${part}&path=${path}`, {}),
    onSuccess: ({ content }) => saveFile(content, nameIn(path)),
    onError: tellProblem,
  })
  return (
    <ActionIcon
      variant="default"
      aria-label={`Download ${nameIn(path)}`}
      title="Download; it is written into the audit log"
      loading={get.isPending}
      onClick={() => get.mutate()}
    >
      <Icon name="download" size={16} />
    </ActionIcon>
  )
}
