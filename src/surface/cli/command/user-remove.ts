export { remove as run } from "./user.ts"
