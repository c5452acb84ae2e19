import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core"

/** Ten shades of a deep sea green; shade 8 carries white text in light, shade 7 in dark, both above 4.5 : 1. */
const tide: MantineColorsTuple = [
  "#eaf6f6",
  "#d5e9ea",
  "#a8d3d5",
  "#78bcbf",
  "#52a8ac",
  "#3b9ba0",
  "#26878c",
  "#17777c",
  "#0d6d73",
  "#00565b",
]

/** Night at sea: the library's greys, a little blue, so that fields and buttons belong to the page. */
const dark: MantineColorsTuple = [
  "#dfe5ea",
  "#c3ccd4",
  "#a9b4bd",
  "#7f8b95",
  "#4a555e",
  "#303a42",
  "#222b32",
  "#1a2127",
  "#151b20",
  "#12171b",
]

const SYSTEM_FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'

export const theme = createTheme({
  colors: { tide, dark },
  primaryColor: "tide",
  primaryShade: { light: 8, dark: 7 },
  fontFamily: SYSTEM_FONT,
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  headings: { fontFamily: SYSTEM_FONT, fontWeight: "650" },
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Tooltip: { defaultProps: { withArrow: true, openDelay: 250, events: { hover: true, focus: true, touch: true } } },
    // Its head is no landmark of the page.
    Modal: {
      defaultProps: {
        centered: true,
        radius: "md",
        closeButtonProps: { "aria-label": "Close" },
        attributes: { header: { role: "none" } },
        styles: { title: { fontWeight: 650 } },
      },
    },
    Notification: { defaultProps: { closeButtonProps: { "aria-label": "Close the message" } } },
    PasswordInput: { defaultProps: { visibilityToggleButtonProps: { "aria-label": "Show the password" } } },
  },
})

/** The library's quiet text and links are too pale for small type; these pass 4.5 : 1 on every surface of ours. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": "#4b5560",
    "--mantine-color-placeholder": "#646d76",
    "--mantine-color-anchor": "#0b636a",
    "--mantine-color-error": "#b3261e",
    "--mantine-color-body": "#ffffff",
    "--surface-page": "#f4f6f7",
    "--surface-card": "#ffffff",
    "--line": "#d9dfe3",
    "--good": "#12663a",
    "--good-back": "#e3f4ea",
    "--warn": "#7a4a00",
    "--warn-back": "#fdf0d5",
    "--bad": "#a3211a",
    "--bad-back": "#fde7e5",
    "--busy": "#1b5a94",
    "--busy-back": "#e4effa",
    "--quiet": "#4b5560",
    "--quiet-back": "#eceff1",
  },
  dark: {
    "--mantine-color-dimmed": "#a9b4bd",
    "--mantine-color-placeholder": "#929da6",
    "--mantine-color-anchor": "#78cdd2",
    "--mantine-color-error": "#ff9d94",
    "--mantine-color-body": "#1a2127",
    "--mantine-color-text": "#dfe5ea",
    "--surface-page": "#12171b",
    "--surface-card": "#1a2127",
    "--line": "#303a42",
    "--good": "#7fd6a3",
    "--good-back": "#17362a",
    "--warn": "#f3c26b",
    "--warn-back": "#3d2f12",
    "--bad": "#ffa198",
    "--bad-back": "#47211f",
    "--busy": "#93c5f7",
    "--busy-back": "#1b3047",
    "--quiet": "#a9b4bd",
    "--quiet-back": "#28313a",
  },
})
