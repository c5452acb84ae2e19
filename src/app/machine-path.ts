const DIRECTORIES = /^\/(?:proc|sys|dev|run|boot|(?:usr\/)?(?:s?bin|lib(?:32|64|x32)?)|usr\/share\/zoneinfo|var\/run|var\/log)(?:\/|$)/
const OF_ETC =
  /^\/etc\/(?:localtime|timezone|hosts|hostname|resolv\.conf|machine-id|os-release|nsswitch\.conf|passwd|group|shadow|gshadow|subuid|subgid|ssl|pki|ca-certificates)(?:\/|$)/
/** Whole, they are the machine; what lies in them may well be an app's. Where people keep data (`/home`, `/srv`) is nobody's to leave out. */
const WHOLE = /^\/(?:etc|usr|var|var\/lib)?$/
/** What an engine of containers keeps; a volume of it that is mounted by its path is data like any other. */
const OF_ENGINES = /^\/var\/lib\/(?:docker|containerd|containers|kubelet)(?!\/(?:storage\/)?volumes\/[^/])(?:\/|$)/

/** What apps are often given to see and what belongs to the machine: on another one it is another, and putting it back would harm. */
export function isOfMachine(path: string): boolean {
  const plain = path.replace(/(?<=.)\/+$/, "")
  return [DIRECTORIES, OF_ETC, WHOLE, OF_ENGINES].some((pattern) => pattern.test(plain))
}
