import { createTransport } from "nodemailer"
import type { MailServer, Message, Receiver } from "../../posture/ports.ts"
import type { Sending } from "./sending.ts"

/** One mail to one address, so that nobody learns who else is told. */
export async function sendMail(receiver: Extract<Receiver, { kind: "email" }>, message: Message, sending: Sending): Promise<void> {
  const { server, address } = receiver
  const transport = createTransport(optionsOf(server, sending.timeoutMs))
  const stop = (): void => transport.close()
  sending.signal.addEventListener("abort", stop, { once: true })
  try {
    await within(
      transport.sendMail({
        from: { name: "Holdfast", address: server.from },
        to: { name: "", address },
        subject: message.subject,
        text: message.body,
        priority: message.priority,
        // Out-of-office replies to an alarm help nobody.
        headers: { "auto-submitted": "auto-generated" },
        disableFileAccess: true,
        disableUrlAccess: true,
      }),
      sending,
    )
  } finally {
    sending.signal.removeEventListener("abort", stop)
    transport.close()
  }
}

type TransportOptions = Parameters<typeof createTransport>[0]

function optionsOf(server: MailServer, timeoutMs: number): TransportOptions {
  const { host, port, security, user, password, authority } = server
  return {
    host,
    port,
    secure: security === "tls",
    requireTLS: security === "starttls",
    ignoreTLS: security === "none",
    ...(user === null ? {} : { auth: { user, pass: password?.reveal() ?? "" } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    tls: { minVersion: "TLSv1.2", ...(authority === null ? {} : { ca: authority }) },
  }
}

/** The limits of the transport are for silence; a server that drips single bytes must end as well. */
async function within(sent: Promise<unknown>, { signal, timeoutMs }: Sending): Promise<void> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  const ended = new Promise<never>((_resolve, reject) => {
    limit.addEventListener("abort", () => reject(new Error(`the mail server did not take it within ${timeoutMs} ms`)), { once: true })
  })
  await Promise.race([sent, ended])
}
