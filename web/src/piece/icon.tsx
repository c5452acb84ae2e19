import type { ReactNode } from "react"

const shapes = {
  check: <path d="M5 12.500l4.500 4.500L19 7.500" />,
  warn: <path d="M12 4.500L21 20H3L12 4.500zM12 10v4.500M12 17.200v.1" />,
  cross: <path d="M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18zM9 9l6 6M15 9l-6 6" />,
  busy: <path d="M12 3a9 9 0 1 0 9 9" />,
  dot: <path d="M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18zM8 12h8" />,
  info: <path d="M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18zM12 11v5.500M12 7.600v.1" />,
  clock: <path d="M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18zM12 7.500V12l3 2" />,
  pin: <path d="M9 4h6l-1 6 3 3H7l3-3-1-6zM12 13v7" />,
  overview: <path d="M4 11l8-7 8 7v9h-5.500v-6h-5v6H4z" />,
  update: <path d="M12 20V5M6 11l6-6 6 6M4 20h16" />,
  calendar: <path d="M4 6h16v14H4zM4 10.500h16M8.500 3.500V8M15.500 3.500V8" />,
  activity: <path d="M3 12h4.500L10 5l4.500 14 2.500-7h4" />,
  vault: <path d="M4 5h16v14H4zM12 9a3 3 0 1 0 0 6a3 3 0 0 0 0-6zM4 9H2.500M4 15H2.500" />,
  settings: (
    <path d="M4 7h9M17 7h3M4 17h3M11 17h9M15 4.800a2.200 2.200 0 1 0 0 4.400a2.200 2.200 0 0 0 0-4.400zM9 14.800a2.200 2.200 0 1 0 0 4.400a2.200 2.200 0 0 0 0-4.400z" />
  ),
  folder: <path d="M3 6h6l2 2.500h10V19H3z" />,
  file: <path d="M6 3h8l4 4.500V21H6zM14 3v4.500h4" />,
  download: <path d="M12 4v11M7.500 11l4.500 4.500L16.500 11M5 20h14" />,
  plus: <path d="M12 5v14M5 12h14" />,
  back: <path d="M14.500 5.500L8 12l6.500 6.500" />,
  sun: (
    <path d="M12 8a4 4 0 1 0 0 8a4 4 0 0 0 0-8zM12 2.500V5M12 19v2.500M2.500 12H5M19 12h2.500M5.300 5.300L7 7M17 17l1.700 1.700M5.300 18.700L7 17M17 7l1.700-1.700" />
  ),
  moon: <path d="M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500z" />,
  device: <path d="M4 5h16v11H4zM9 20h6" />,
  person: <path d="M12 4a4 4 0 1 0 0 8a4 4 0 0 0 0-8zM4.500 20.500c1-4 4-5.500 7.500-5.500s6.500 1.500 7.500 5.500" />,
} satisfies Record<string, ReactNode>

export type IconName = keyof typeof shapes

interface IconProps {
  readonly name: IconName
  readonly size?: number
  readonly spinning?: boolean
}

/** A drawing beside words, never instead of them: hidden from screen readers. */
export function Icon({ name, size = 18, spinning = false }: IconProps): ReactNode {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
      className={spinning ? "spin" : undefined}
    >
      {shapes[name]}
    </svg>
  )
}
