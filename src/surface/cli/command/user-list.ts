export { list as run } from "./user.ts"
