/** How the line of a chart and what is below it look. */
export const areaLine = {
  type: "monotone",
  stroke: "var(--mantine-color-anchor)",
  fill: "var(--mantine-color-anchor)",
  fillOpacity: 0.12,
  strokeWidth: 2,
  isAnimationActive: false,
} as const
