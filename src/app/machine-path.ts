const DIRECTORIES = /^\/(?:proc|sys|dev|run|var\/run|var\/log|lib\/modules)(?:\/|$)/
const OF_ETC =
  /^\/etc\/(?:localtime|timezone|hosts|hostname|resolv\.conf|machine-id|os-release|nsswitch\.conf|passwd|group|shadow|gshadow|subuid|subgid|ssl|pki|ca-certificates)(?:\/|$)/

/** What apps are often given to see and what belongs to the machine: on another one it is another, and putting it back would harm. */
export function isOfMachine(path: string): boolean {
  return DIRECTORIES.test(path) || OF_ETC.test(path)
}
