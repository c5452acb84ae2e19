import { Anchor, Button, Menu, type AnchorProps, type ButtonProps, type MenuItemProps } from "@mantine/core"
import { createLink } from "@tanstack/react-router"
import type { ComponentProps, ReactNode } from "react"

type Native<Props> = Props & Omit<ComponentProps<"a">, keyof Props>

/** A link in running text to another page of the panel. */
export const TextLink = createLink((props: Native<AnchorProps>): ReactNode => <Anchor {...props} />)

/** Looks like a button and leads to another page. */
export const ButtonLink = createLink((props: Native<ButtonProps>): ReactNode => <Button component="a" {...props} />)

/** An entry of a menu that leads to another page. */
export const MenuLink = createLink((props: Native<MenuItemProps>): ReactNode => <Menu.Item component="a" {...props} />)
