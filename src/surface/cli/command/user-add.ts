export { add as run } from "./user.ts"
