export { role as run } from "./user.ts"
