import { z } from "zod"
import { flag, labels, name, neutral, nothing, shortText, texts } from "./neutral.ts"

const range = z.strictObject({
  Subnet: shortText.optional(),
  IPRange: shortText.optional(),
  Gateway: shortText.optional(),
  AuxiliaryAddresses: z.record(shortText, shortText).nullable().optional(),
  AuxAddress: nothing,
})

/** A bridge's options by which no interface of the host is named. The third takes the host's own address away from it: a sandbox has none. */
const bridgeOptions = z.partialRecord(
  z.enum([
    "com.docker.network.bridge.enable_icc",
    "com.docker.network.bridge.enable_ip_masquerade",
    "com.docker.network.bridge.inhibit_ipv4",
    "com.docker.network.driver.mtu",
  ]),
  shortText,
)

/** `POST /networks/create` */
export const createNetworkSchema = z.strictObject({
  Name: name,
  CheckDuplicate: flag.optional(),
  Driver: z.enum(["", "bridge"]).optional(),
  Scope: neutral("", "local"),
  EnableIPv4: flag.nullable().optional(),
  EnableIPv6: flag.nullable().optional(),
  IPAM: z
    .strictObject({ Driver: neutral("", "default"), Options: nothing, Config: z.array(range).max(8).nullable().optional() })
    .nullable()
    .optional(),
  Internal: flag.optional(),
  Attachable: flag.optional(),
  Ingress: nothing,
  ConfigOnly: nothing,
  ConfigFrom: neutral({ Network: "" }),
  Options: bridgeOptions.nullable().optional(),
  Labels: labels,
})

/** `POST /volumes/create` */
export const createVolumeSchema = z.strictObject({
  Name: name.optional(),
  Driver: z.enum(["", "local"]).optional(),
  DriverOpts: nothing,
  ClusterVolumeSpec: nothing,
  Labels: labels,
})

/** `POST /containers/{id}/exec` */
export const createExecSchema = z.strictObject({
  AttachStdin: flag.optional(),
  AttachStdout: flag.optional(),
  AttachStderr: flag.optional(),
  Tty: flag.optional(),
  Cmd: texts,
  Env: texts,
  User: shortText.optional(),
  WorkingDir: shortText.optional(),
  DetachKeys: shortText.optional(),
  Detach: flag.optional(),
  Privileged: nothing,
  ConsoleSize: z
    .array(z.number().int())
    .max(2)
    .nullable()
    .transform(() => undefined)
    .optional(),
})

/** `POST /exec/{id}/start` */
export const startExecSchema = z.strictObject({
  Detach: flag.optional(),
  Tty: flag.optional(),
  ConsoleSize: z
    .array(z.number().int())
    .max(2)
    .nullable()
    .transform(() => undefined)
    .optional(),
})
