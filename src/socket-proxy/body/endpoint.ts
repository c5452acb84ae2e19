import { z } from "zod"
import { flag, neutral, nothing, shortText, texts, whole } from "./neutral.ts"

const addresses = z
  .strictObject({ IPv4Address: shortText.optional(), IPv6Address: shortText.optional(), LinkLocalIPs: texts })
  .nullable()
  .optional()

/** How a container takes part in a network. What the engine fills in itself is left out. */
export const endpointSchema = z.strictObject({
  IPAMConfig: addresses,
  Aliases: texts,
  MacAddress: shortText.optional(),
  Links: nothing,
  DriverOpts: nothing,
  GwPriority: whole.optional(),
  NetworkID: nothing,
  EndpointID: nothing,
  Gateway: nothing,
  IPAddress: nothing,
  IPPrefixLen: nothing,
  IPv6Gateway: nothing,
  GlobalIPv6Address: nothing,
  GlobalIPv6PrefixLen: nothing,
  DNSNames: neutral([]),
})

/** `POST /networks/{id}/connect` */
export const connectSchema = z.strictObject({ Container: shortText, EndpointConfig: endpointSchema.nullable().optional() })

/** `POST /networks/{id}/disconnect` */
export const disconnectSchema = z.strictObject({ Container: shortText, Force: flag.optional() })
