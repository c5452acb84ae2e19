/** The panel: it shows what the service says and asks it to act; it decides nothing itself. */
import "./wire/no-eval.ts"
import "@mantine/core/styles.css"
import "@mantine/notifications/styles.css"
import "./panel.css"
import { MantineProvider } from "@mantine/core"
import { Notifications } from "@mantine/notifications"
import { QueryClientProvider } from "@tanstack/react-query"
import { RouterProvider } from "@tanstack/react-router"
import { StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { queryClient } from "./query-client.ts"
import { router } from "./router.tsx"
import { DoorProvider } from "./shell/door.tsx"
import { PersonProvider } from "./shell/confirm-person.tsx"
import { cssVariables, theme } from "./theme.ts"

/** The page's own nonce: the content security policy allows only styles that carry it. */
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? ""
// Where the library that locks scrolling behind a dialog looks for it.
Object.assign(globalThis, { __webpack_nonce__: nonce })

const root = document.querySelector("#root")
if (root === null) throw new Error("the page has no root")
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto" getStyleNonce={() => nonce}>
      <Notifications position="bottom-right" />
      <QueryClientProvider client={queryClient}>
        <DoorProvider>
          <PersonProvider>
            <RouterProvider router={router} />
          </PersonProvider>
        </DoorProvider>
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
