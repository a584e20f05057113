/** The same tests, with the plugin. */

import { useFace } from "../face.ts";

useFace("plugin");
await import("../secret.test.ts");
