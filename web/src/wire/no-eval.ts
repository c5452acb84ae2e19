import { z } from "zod"

// Imported before any schema: zod would try whether code may be made from text, and the content security policy rightly reports that.
z.config({ jitless: true })
