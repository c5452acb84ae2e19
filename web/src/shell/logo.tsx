import type { ReactNode } from "react"

export function Logo({ size = 28 }: { readonly size?: number }): ReactNode {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" fill="#0d6d73" />
      <g fill="none" stroke="#fff" strokeWidth="2.6" strokeLinecap="round" strokeLinejoin="round">
        <circle cx="16" cy="8.5" r="2.6" />
        <path d="M16 11v14M11 15h10M7 18.500c0 4.500 4 7 9 7s9-2.500 9-7" />
      </g>
    </svg>
  )
}
