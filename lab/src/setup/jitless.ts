/** The page's policy forbids code from strings, which zod would use where it may. Imported before anything that makes a schema. */
import { config } from "zod/mini";

config({ jitless: true });
