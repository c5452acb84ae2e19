import { Button, PasswordInput, Stack, TextInput } from "@mantine/core"
import { useMutation } from "@tanstack/react-query"
import { useState, type ReactNode } from "react"
import { z } from "zod"
import type { SetupBody } from "../../../src/contract/api/session.ts"
import { ProblemNote } from "../piece/problem-note.tsx"
import { ask } from "../wire/ask.ts"
import { signIn } from "../wire/auth.ts"
import { Porch } from "./porch.tsx"

/** The first account, an owner, made by whoever can read the host's log. */
export function FirstRun({ onDone }: { readonly onDone: () => void }): ReactNode {
  const [form, setForm] = useState<SetupBody>({ token: "", username: "", name: "", password: "" })
  const set = (member: keyof SetupBody) => (event: { readonly currentTarget: { readonly value: string } }) => {
    const { value } = event.currentTarget
    setForm((old) => ({ ...old, [member]: value }))
  }
  const make = useMutation({
    mutationFn: async () => {
      const { email, ...rest } = form
      await ask(z.unknown(), "/setup", {
        method: "POST",
        body: { ...rest, token: form.token.trim(), email: email === undefined || email === "" ? null : email },
      })
      await signIn(form.username, form.password)
    },
    onSuccess: onDone,
  })
  return (
    <Porch title="First run" lead="Make the first account. It may do everything, and it adds the others.">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          make.mutate()
        }}
      >
        <Stack gap="md">
          {make.error === null ? null : <ProblemNote error={make.error} />}
          <TextInput
            label="Token"
            description="It stands in the service's log on the host: journalctl -u holdfast, or docker compose logs."
            autoComplete="off"
            spellCheck={false}
            required
            withAsterisk={false}
            value={form.token}
            onChange={set("token")}
          />
          <TextInput
            label="User name"
            description="Small letters, digits, dot, dash."
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
            withAsterisk={false}
            value={form.username}
            onChange={set("username")}
          />
          <TextInput label="Your name" autoComplete="name" required withAsterisk={false} value={form.name} onChange={set("name")} />
          <TextInput
            label="Email"
            description="May be left empty."
            type="email"
            autoComplete="email"
            value={form.email ?? ""}
            onChange={set("email")}
          />
          <PasswordInput
            label="Password"
            description="At least 12 characters."
            autoComplete="new-password"
            minLength={12}
            required
            withAsterisk={false}
            value={form.password}
            onChange={set("password")}
          />
          <Button type="submit" loading={make.isPending}>
            Make the account
          </Button>
        </Stack>
      </form>
    </Porch>
  )
}
