/** The same tests, with the plugin. */

import { useFace } from "../face.ts";

useFace("plugin");
await import("../admission-fault.test.ts");
